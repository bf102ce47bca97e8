//! Made-up results of any size, written as a sweep leaves them, in a project with the sources that they name.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        let place = self.below(all.len() as u64);
        all[usize::try_from(place).unwrap()]
    }
}

/// How often each verdict comes, of a hundred.
const VERDICTS: [(&str, u64); 10] = [
    ("recovered", 71),
    ("absorbed", 6),
    ("aborted", 12),
    ("leaked", 3),
    ("panicked", 3),
    ("swallowed", 1),
    ("crashed", 1),
    ("unusable", 1),
    ("hung", 1),
    ("unreached", 1),
];
const ASKED: [(&str, &str, bool); 6] = [
    ("Vec::push", "alloc::vec::Vec<T,A>::push", false),
    ("Vec::try_reserve", "alloc::vec::Vec<T,A>::try_reserve", true),
    ("String::try_reserve_exact", "alloc::string::String::try_reserve_exact", true),
    ("Box::new", "alloc::boxed::Box<T>::new", false),
    ("HashMap::try_reserve", "std::collections::hash::map::HashMap<K,V,S,A>::try_reserve", true),
    ("str::to_owned", "alloc::str::<impl alloc::borrow::ToOwned for str>::to_owned", false),
];
const MODULES: [&str; 8] = ["parse", "index", "store", "query", "codec", "cache", "journal", "schema"];
const WORDS: [&str; 10] = ["open", "insert", "lookup", "grow", "split", "merge", "flush", "decode", "encode", "walk"];
/// Lines of each source file.
const LINES: u64 = 400;

fn frame(function: &str, file: &str, line: u64, owner: &Value) -> Value {
    json!({ "function": function, "file": file, "line": line, "column": null, "owner": owner })
}

/// A function of the made-up crate, by its number.
fn own(number: u64) -> Value {
    let module = MODULES[usize::try_from(number).unwrap() % MODULES.len()];
    let word = WORDS[usize::try_from(number / 8).unwrap() % WORDS.len()];
    let generic = if number.is_multiple_of(5) { "<K,V>" } else { "" };
    let function = format!("demo::{module}::Table{generic}::{word}_{number}");
    frame(&function, &format!("src/{module}.rs"), 1 + number * 7 % LINES, &json!("workspace"))
}

/// Writes a project and the result of a sweep with so many chains.
pub(crate) fn write(folder: &Path, chains: u64) {
    let mut random = Random(chains);
    let count = 1 + chains / 60;
    let tests: Vec<String> = (0..count)
        .map(|n| format!("{}::tests::{}_{n}", MODULES[usize::try_from(n).unwrap() % MODULES.len()], random.of(&WORDS)))
        .collect();
    let mut outcomes = Vec::new();
    for number in 0..chains {
        outcomes.push(outcome(&mut random, number, chains, &tests));
    }
    project(folder);
    result(folder, &outcomes, &tests);
}

/// The frames that lead to a chain's end branch like a tree: of the outer ones there are few.
fn outcome(random: &mut Random, number: u64, chains: u64, tests: &[String]) -> Value {
    let mut hundredth = random.below(100);
    // There is something to find in the smallest, too.
    let mut verdict = if number == 0 { "leaked" } else { "recovered" };
    for (word, often) in VERDICTS {
        if number > 0 && hundredth < often {
            verdict = word;
            break;
        }
        hundredth = hundredth.saturating_sub(often);
    }
    let test = usize::try_from(number * tests.len() as u64 / chains).unwrap();
    let (asked, function, fallible) = random.of(&ASKED);
    let mut outwards =
        vec![frame(&format!("demo::{}", tests[test]), "src/lib.rs", 10 + test as u64 % 300, &json!("workspace"))];
    let depth = 3 + random.below(9);
    let mut path = test as u64 % 40;
    for level in 0..depth {
        path = (path * 3 + random.below(3)) % (40 + chains / 4 * (level + 1) / depth);
        outwards.push(own(path));
        if random.below(12) == 0 {
            outwards.push(frame(
                "smallvec::SmallVec<A>::try_grow",
                "/deps/smallvec/lib.rs",
                90,
                &json!({ "dependency": "smallvec-1.13.2" }),
            ));
        }
    }
    let by = outwards.iter().rev().find(|frame| frame["owner"] == "workspace").cloned();
    outwards.push(frame(function, "/rustc/library/alloc/src/vec/mod.rs", 2500, &json!("std")));
    outwards.push(frame(
        "alloc::raw_vec::RawVecInner<A>::finish_grow",
        "/rustc/library/alloc/src/raw_vec.rs",
        700,
        &json!("std"),
    ));
    outwards.push(frame("alloc::alloc::Global::alloc_impl", "/rustc/library/alloc/src/alloc.rs", 190, &json!("std")));
    let chain: Vec<Value> = outwards.into_iter().rev().collect();
    let id = u128::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let mut outcome = json!({
        "id": format!("{id:032x}"),
        "test": { "binary": "demo", "name": tests[test] },
        "verdict": verdict, "build": "b1",
        "request": { "function": "malloc", "size": 8 << random.below(8), "align": 0, "old_size": 0 },
        "chain": chain,
        "asked": { "function": asked, "fallible": fallible, "by": by },
    });
    match verdict {
        "panicked" | "swallowed" | "recovered" => {
            outcome["panic"] = json!({ "file": "src/lib.rs", "line": 10 + test % 300, "column": 9, "in_test": verdict != "panicked",
                "message": "called `Result::unwrap()` on an `Err` value: TryReserveError { kind: AllocError { layout: Layout { size: 16 } } }" });
            outcome["evidence"] = json!(["the test stopped at src/lib.rs: what it checks behind that was not checked"]);
        }
        "leaked" => {
            outcome["leaks"] = json!([{ "bytes": 8 << random.below(6), "count": 1, "chain": chain }]);
            outcome["evidence"] = json!(["8 bytes in 1 block are lost"]);
        }
        "hung" => outcome["stood"] = json!(chain),
        _ => {}
    }
    outcome
}

/// The sources, in which every line says which it is.
fn project(folder: &Path) {
    fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = "[package]\nname = \"demo\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    for name in MODULES.into_iter().chain(["lib"]) {
        let mut text = String::new();
        for line in 1..=LINES {
            writeln!(text, "    self.table.try_reserve({line})?; // {name}").unwrap();
        }
        fs::write(folder.join(format!("src/{name}.rs")), text).unwrap();
    }
}

/// A run's folder with these outcomes of tests that were all swept.
pub(crate) fn result(folder: &Path, outcomes: &[Value], tests: &[String]) {
    let run = folder.join("target/firsthit/run");
    fs::create_dir_all(&run).unwrap();
    let planned: Vec<Value> =
        tests.iter().map(|name| json!({ "binary": "demo", "name": name, "build": "b1" })).collect();
    // Later than the sources are written.
    let plan = json!({ "schema": 1, "tool": "0.1.0", "begun": 4_000_000_000_000_000_u64, "options": {}, "shards": 1,
        "runs": { "1": ["made-up"] }, "tests": planned, "whole": true });
    fs::write(run.join("plan.json"), plan.to_string()).unwrap();
    let lines = |values: &[Value]| values.iter().map(|value| format!("{value}\n")).collect::<String>();
    fs::write(run.join("outcomes.jsonl"), lines(outcomes)).unwrap();
    let swept = |name: &String| {
        let of_it = outcomes.iter().filter(|outcome| outcome["test"]["name"] == **name).count();
        json!({ "shard": 1, "test": { "binary": "demo", "name": name }, "build": "b1", "ended": "swept", "walker": "frame pointers",
            "allocations": 100, "rounds": 2, "nanos": 1_000_000, "chains": { "known": of_it, "planned": of_it, "out_of_scope": 0,
            "of_the_test": 0, "quiet": 0, "seen_before": 0, "other_shards": 0, "not_asked_for": 0 } })
    };
    fs::write(run.join("swept.jsonl"), lines(&tests.iter().map(swept).collect::<Vec<_>>())).unwrap();
}
