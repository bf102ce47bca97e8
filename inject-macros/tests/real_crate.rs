//! Published crates, annotated from the first function to the last: their own tests pass as before; and how much longer they
//! take to compile.
//!
//! Run by `cargo test -p inject-macros --test real_crate -- --ignored --nocapture --test-threads=1`. FIRSTHIT_REAL_CRATE names
//! another crate, as `name-version`. It needs the registry once.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use syn::spanned::Spanned as _;
use syn::{Attribute, Item};

/// One of a point in every fifth line of code, and one of few points.
const CRATES: [&str; 2] = ["mp4parse-0.17.0", "bytes-1.12.1"];

/// How much longer than the plain crate the annotated one is to take.
const BAR: f64 = 1.25;

/// How often both are compiled.
const ROUNDS: usize = 11;

fn crates() -> Vec<String> {
    std::env::var("FIRSTHIT_REAL_CRATE").map_or_else(|_| CRATES.map(str::to_owned).to_vec(), |name| vec![name])
}

#[test]
#[ignore = "it compiles crates of others"]
fn real_crates_pass_their_tests() {
    for name in crates() {
        let [plain, annotated] = both(&name);
        let [before, after] = [&plain, &annotated].map(|copy| tests(copy));
        println!("{}", before.lines().next().unwrap_or_default());
        assert_eq!(before, after, "the annotated crate's own tests end otherwise (right)");
    }
}

/// In each round both are compiled, in turns the one and the other first, after a round that does not count: the ratio
/// of the times that the compiler and cargo keep a processor busy with nothing else than this crate.
#[test]
#[ignore = "it measures, and asserts nothing about that"]
fn how_long_real_crates_take_to_compile() {
    for name in crates() {
        let copies = both(&name);
        // As in CI; with the incremental cache, where nothing else is left to do, expanding is most of it.
        for (command, incremental) in [("build", "0"), ("check", "0"), ("build", "1"), ("check", "1")] {
            let mut ratios: Vec<f64> = (0..=ROUNDS)
                .map(|round| {
                    let mut turns = [0, 1];
                    turns.rotate_left(round % 2);
                    let mut times = [Duration::ZERO; 2];
                    turns.into_iter().for_each(|which| times[which] = compiled(&copies[which], command, incremental));
                    times[1].as_secs_f64() / times[0].as_secs_f64()
                })
                .skip(1)
                .collect();
            ratios.sort_by(f64::total_cmp);
            let [low, median, high] = [ROUNDS / 4, ROUNDS / 2, ROUNDS - 1 - ROUNDS / 4].map(|place| ratios[place]);
            let met = if median <= BAR { "met" } else { "missed" };
            println!(
                "{name}: cargo {command}, CARGO_INCREMENTAL={incremental}: {median:.3} ({low:.3}-{high:.3}) times as long; the bar of {BAR} is {met}"
            );
        }
    }
}

/// The crate as it is, and annotated.
fn both(name: &str) -> [PathBuf; 2] {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("real_crate").join(name);
    let source = fetched(name, &folder.join("fetch"));
    let copies = ["plain", "annotated"].map(|kind| folder.join(kind));
    for copy in &copies {
        let _ = fs::remove_dir_all(copy.join("src"));
        copied(&source, copy);
        depends_on_firsthit(copy);
    }
    let (items, lines) = annotate(&copies[1].join("src"));
    println!("{name}: {lines} lines, {items} annotated items");
    assert!(lines >= 3_000 && items > 0);
    copies
}

/// The crate's sources in the registry, which are brought there first.
fn fetched(name: &str, project: &Path) -> PathBuf {
    let (package, version) = name.rsplit_once('-').unwrap();
    fs::create_dir_all(project.join("src")).unwrap();
    fs::write(project.join("src/lib.rs"), "").unwrap();
    let manifest = format!("[package]\nname = \"fetch\"\n[dependencies]\n{package} = \"={version}\"\n[workspace]\n");
    fs::write(project.join("Cargo.toml"), manifest).unwrap();
    let output = Command::new(env!("CARGO")).args(["metadata", "--format-version=1"]).current_dir(project).output();
    let metadata = String::from_utf8(output.unwrap().stdout).unwrap();
    let at = format!("/{name}/Cargo.toml");
    let end = metadata.find(&at).unwrap_or_else(|| panic!("the registry has no {name}"));
    let start = metadata[..end].rfind('"').unwrap() + 1;
    PathBuf::from(&metadata[start..end + name.len() + 1])
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copied(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Both copies do, so that what they are compared by is the annotated code alone.
fn depends_on_firsthit(copy: &Path) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../harness").canonicalize().unwrap();
    let manifest = copy.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(manifest, format!("{text}\n[dependencies.firsthit]\npath = {path:?}\n\n[workspace]\n")).unwrap();
}

/// Puts the attribute in front of every function, `impl` block and trait, and counts them and the lines.
fn annotate(folder: &Path) -> (usize, usize) {
    let (mut items, mut lines) = (0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let inside = annotate(&path);
            (items, lines) = (items + inside.0, lines + inside.1);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            lines += text.lines().count();
            let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let mut places: Vec<(usize, usize)> = parsed.items.iter().filter_map(place).collect();
            places.sort_unstable();
            items += places.len();
            let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
            // On the same line, so that all lines keep their numbers.
            places.iter().rev().for_each(|(line, column)| {
                let at = rows[line - 1].char_indices().nth(*column).map_or(0, |(at, _)| at);
                rows[line - 1].insert_str(at, "#[::firsthit::instrument] ");
            });
            fs::write(path, rows.join("\n") + "\n").unwrap();
        }
    }
    (items, lines)
}

/// Where an item begins that the attribute can stand on.
fn place(item: &Item) -> Option<(usize, usize)> {
    let at = match item {
        Item::Fn(item) if item.sig.constness.is_none() && !is_test(&item.attrs) => item.span(),
        Item::Impl(item) => item.span(),
        Item::Trait(item) => item.span(),
        Item::Mod(item) if item.content.is_some() && !is_test(&item.attrs) => item.span(),
        _ => return None,
    };
    Some((at.start().line, at.start().column))
}

fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attribute| {
        let cfg =
            attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|p| p.is_ident("test"));
        cfg || attribute.path().is_ident("test")
    })
}

/// What the crate's own tests end with.
fn tests(copy: &Path) -> String {
    let mut cargo = cargo(copy);
    let output = cargo.args(["test", "--lib", "--tests", "--no-fail-fast"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut results: Vec<&str> = text.lines().filter(|line| line.starts_with("test ")).collect();
    results.retain(|line| !line.starts_with("test result"));
    results.sort_unstable();
    assert!(!results.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let warnings = String::from_utf8_lossy(&output.stderr).lines().filter(|line| line.starts_with("warning")).count();
    format!("{} tests, {warnings} warnings\n{}", results.len(), results.join("\n"))
}

fn cargo(copy: &Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(copy).env("CARGO_TARGET_DIR", copy.join("target"));
    cargo
}

/// How long the crate alone keeps a processor busy, which other programs change less than how long it takes.
fn compiled(copy: &Path, command: &str, incremental: &str) -> Duration {
    let root = copy.join("src/lib.rs");
    fs::write(&root, fs::read_to_string(&root).unwrap()).unwrap();
    let before = children();
    let output = cargo(copy).arg(command).env("CARGO_INCREMENTAL", incremental).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    children() - before
}

/// The user time of the processes that have ended, from `/proc`, in hundredths of a second.
fn children() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let ticks = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(13).unwrap();
    Duration::from_millis(ticks.parse::<u64>().unwrap() * 10)
}
