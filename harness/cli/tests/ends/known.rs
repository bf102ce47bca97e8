//! What is known from run to run: `--new`, `--in-diff` and the file of expectations, while the code changes.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::demo;
use crate::seeded;
use crate::swept::{Key, Place, Sweep, kept_tests};

/// A workspace that may be edited, built into a target folder of its own.
fn own(name: &str) -> Place {
    let workspace = demo::folder(name);
    seeded::write(&workspace);
    let target = workspace.join("target");
    Place { workspace, target }
}

fn library(place: &Place) -> PathBuf {
    place.workspace.join("seeded/src/lib.rs")
}

fn edit(place: &Place, edit: impl Fn(String) -> String) {
    let before = fs::read_to_string(library(place)).unwrap();
    let after = edit(before.clone());
    assert_ne!(before, after);
    fs::write(library(place), after).unwrap();
}

fn keys(sweep: &Sweep) -> BTreeSet<Key> {
    sweep.found.keys().cloned().collect()
}

const WORDS: [&str; 10] =
    ["-p", "seeded", "--test", "it", "--skip", "waits", "--skip", "meets_a_chain_once", "--skip", "many"];

#[test]
fn what_is_known_is_known_again() {
    let place = own("known");
    let sweep = |words: &[&str]| place.sweep(&[&WORDS[..], words].concat());
    let all = sweep(&[]);
    assert!(all.code == 2 && all.found.len() > 20, "{}", all.err);

    let again = sweep(&["--new"]);
    assert_eq!((again.found.len(), again.code), (0, 0), "{}", again.err);
    assert!(again.err.contains("known from earlier sweeps and not failed again"), "{}", again.err);

    // Lines shift, a function comes, another one's text changes.
    edit(&place, |text| {
        let text =
            text.replacen("/// Room, or", "/// Says a number.\npub fn number() -> u32 {\n    7\n}\n\n/// Room, or", 1);
        text.replace("\"there is room\"", "\"there is some room\"")
    });
    let unrelated = sweep(&["--new"]);
    assert_eq!((unrelated.found.len(), unrelated.code), (0, 0), "{}", unrelated.err);
    let whole = sweep(&[]);
    assert_eq!(keys(&whole), keys(&all));

    // One test's code asks for memory once more.
    edit(&place, |text| text.replacen("    numbers.push(", "    drop(room(7));\n    numbers.push(", 1));
    let related = sweep(&["--new"]);
    let found: Vec<_> =
        related.found.iter().map(|((test, _), found)| (test.as_str(), found.verdict.as_str())).collect();
    assert_eq!((found, related.code), (vec![("seeded::it pushes", "absorbed")], 0), "{}", related.err);
    assert_eq!(sweep(&["--new"]).found.len(), 0);
}

#[test]
fn a_diff_chooses_what_it_touches() {
    let place = Place::new("diff");
    let line = seeded::marks().into_iter().find(|(_, mark)| mark == "c-unchecked").unwrap().0;
    let line: u32 = line.rsplit(':').next().unwrap().parse().unwrap();
    let diff = format!("--- a/seeded/src/sum.c\n+++ b/seeded/src/sum.c\n@@ -{line} +{line} @@\n-x\n+y\n");
    let file = place.target.join("the.diff");
    fs::write(&file, diff).unwrap();
    let sweep = place.sweep(&[&WORDS[..], &["--in-diff", file.to_str().unwrap()]].concat());
    let found: Vec<_> = sweep.found.iter().map(|((test, _), found)| (test.as_str(), found.verdict.as_str())).collect();
    assert_eq!((found, sweep.code), (vec![("seeded::it c_crashes", "crashed")], 2), "{}", sweep.err);
    fs::write(&file, "--- a/other\n+++ b/other\n@@ -1 +1 @@\n-x\n+y\n").unwrap();
    let none = place.sweep(&[&WORDS[..], &["--in-diff", file.to_str().unwrap()]].concat());
    assert_eq!((none.found.len(), none.code), (0, 0), "{}", none.err);
}

/// A package of one finding and of one chain that ends well.
fn small() -> Place {
    let workspace = demo::folder("expected");
    let manifest = "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
    let text = "pub fn demanded() -> Vec<u8> {\n    let mut room = Vec::new();\n    \
        room.try_reserve_exact(10).expect(\"there is room\");\n    room\n}\n\
        pub fn asked() -> Vec<u8> {\n    let mut room = Vec::new();\n    \
        let _ = room.try_reserve_exact(10);\n    room\n}\n\
        #[cfg(test)]\nmod tests {\n    #[test]\n    fn demands() {\n        super::demanded();\n    }\n    \
        #[test]\n    fn asks() {\n        super::asked();\n    }\n}\n";
    demo::write(&workspace, &[("Cargo.toml", manifest), ("src/lib.rs", text)]);
    let target = workspace.join("target");
    Place { workspace, target }
}

#[test]
fn what_is_expected_is_no_finding_and_what_no_longer_comes_is_told() {
    let place = small();
    let sweep = |expected: &[(&str, &str)], words: &[&str]| {
        let entry = |(chain, verdict): &(&str, &str)| {
            format!("[[expected]]\nchain = \"{chain}\"\nverdict = \"{verdict}\"\nreason = \"known\"\n\n")
        };
        let text: String = expected.iter().map(entry).collect();
        demo::write(&place.workspace, &[(".config/firsthit-expectations.toml", &text)]);
        place.sweep(words)
    };
    let finding = sweep(&[], &[]);
    assert_eq!((finding.found.len(), finding.code), (2, 2), "{}", finding.err);
    let accepted = sweep(&[("small::demanded", "panicked")], &[]);
    assert_eq!(accepted.code, 0, "{}", accepted.err);
    assert!(accepted.err.contains("1 expected (1 panicked)"), "{}", accepted.err);
    let other = sweep(&[("small::demanded", "leaked")], &[]);
    assert_eq!(other.code, 2, "{}", other.err);

    let entries = [("small::demanded", "panicked"), ("small::gone", "panicked")];
    let stale = sweep(&entries, &[]);
    assert_eq!(stale.code, 2, "{}", stale.err);
    assert!(stale.err.contains("firsthit-expectations.toml:6") && stale.err.contains("small::gone"), "{}", stale.err);
    // Of a part of the tests nobody can say so.
    let part = sweep(&entries, &["demands"]);
    assert_eq!(part.code, 0, "{}", part.err);
}

/// A package whose test asks for memory at another place each time it is run.
fn restless() -> Place {
    let workspace = demo::folder("restless");
    let manifest = "[package]\nname = \"restless\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
    let places: String = (0..20).map(|place| format!("        {place} => vec![{place}_u8],\n")).collect();
    let text = format!(
        "pub fn asked(run: usize) -> Vec<u8> {{\n    match run {{\n{places}        _ => Vec::new(),\n    }}\n}}\n\
         #[test]\nfn asks() {{\n    let file = std::path::Path::new(\"runs\");\n    \
         let runs = std::fs::read(file).map_or(0, |runs| runs.len());\n    \
         std::fs::write(file, vec![b'x'; runs + 1]).unwrap();\n    asked(runs);\n}}\n"
    );
    demo::write(&workspace, &[("Cargo.toml", manifest), ("src/lib.rs", &text)]);
    let target = workspace.join("target");
    Place { workspace, target }
}

#[test]
fn a_test_whose_chains_differ_from_run_to_run_is_told() {
    let place = restless();
    let sweep = place.sweep(&[]);
    assert!(sweep.err.contains("asks: the last of 10 runs without a failure still met new chains"), "{}", sweep.err);
    assert!(kept_tests(&place.target).values().all(|ended| ended.starts_with("\"swept\"")), "{}", sweep.err);
}
