//! How the time of a sweep grows with the work: allocations, chains, frames, tests, resident memory, threads.
//!
//! `cargo bench -p cargo-firsthit --bench scale` makes a small package for it and sweeps one test of a kind at a time, with words
//! behind `--` only those kinds: `-- frames threads`. How many chains are found is checked. It takes some minutes.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

/// One kind of work: its test, the sizes, and how many chains each is to have; `None` where that is std's affair.
struct Kind {
    name: &'static str,
    unit: &'static str,
    sizes: &'static [usize],
    chains: fn(usize) -> Option<usize>,
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "allocations",
        unit: "allocation",
        sizes: &[10_000, 100_000, 1_000_000, 10_000_000],
        chains: |_| Some(3),
    },
    Kind { name: "chains", unit: "chain", sizes: &[100, 1_000, 10_000, 100_000], chains: Some },
    Kind { name: "frames", unit: "frame", sizes: &[20, 200, 2_000], chains: |_| Some(1) },
    Kind { name: "bytes", unit: "MiB", sizes: &[1 << 20, 1 << 24, 1 << 27, 1 << 30], chains: |_| Some(2) },
    Kind { name: "threads", unit: "thread", sizes: &[1, 4, 16, 64], chains: |_| None },
];

/// Tests of a package.
const TESTS: [usize; 4] = [10, 100, 1_000, 10_000];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scale");
    println!("{:<12} {:>12} {:>8} {:>10} {:>14}", "of", "size", "chains", "seconds", "us for each");
    for kind in KINDS.into_iter().filter(|kind| wanted(kind.name)) {
        package(&folder, 0);
        for size in kind.sizes {
            let (time, chains) = swept(&folder, &format!("tests::of_{}", kind.name), *size);
            assert!((kind.chains)(*size).is_none_or(|expected| expected == chains), "{chains} chains of {size}");
            let units = if kind.unit == "MiB" { size >> 20 } else { *size };
            told(kind.name, units, chains, time);
        }
    }
    for size in TESTS.into_iter().filter(|_| wanted("tests")) {
        package(&folder, size);
        let (time, chains) = swept(&folder, "many::", 1);
        assert_eq!(chains, size, "each test has a chain");
        told("tests", size, chains, time);
    }
}

fn told(name: &str, size: usize, chains: usize, time: Duration) {
    let each = time.as_secs_f64() * 1e6 / size as f64;
    println!("{name:<12} {size:>12} {chains:>8} {:>10.2} {each:>14.2}", time.as_secs_f64());
}

/// The package, with so many tests more.
fn package(folder: &Path, tests: usize) {
    let manifest = "[package]\nname = \"scale\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n[profile.dev]\nopt-level = 1\n";
    let mut many = String::from("//! Many small tests.\n");
    for number in 0..tests {
        write!(many, "#[test]\nfn test_{number}() {{\n    crate::asks({});\n}}\n", number + 1).unwrap();
    }
    std::fs::create_dir_all(folder.join("src")).unwrap();
    for (file, text) in
        [("Cargo.toml", manifest), ("src/lib.rs", include_str!("scale/subject.rs")), ("src/many.rs", &many)]
    {
        std::fs::write(folder.join(file), text).unwrap();
    }
    // Built before the clock runs.
    assert!(command(folder, &["list", "-q"]).output().unwrap().status.success());
}

/// The tool in the package's folder, with nothing in its environment that Cargo has set for this program.
fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_cargo-firsthit")));
    command.args(words).current_dir(folder);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO") && text != "CARGO_HOME" || text.contains("RUSTFLAGS") {
            command.env_remove(&name);
        }
    }
    command
}

/// How long the sweep takes, and how many chains were failed.
fn swept(folder: &Path, filter: &str, size: usize) -> (Duration, usize) {
    let begun = Instant::now();
    let words = ["test", "--lib", "-q", "--timeout", "300", "--all", "--message-format", "json", filter];
    let output = command(folder, &words).env("SCALE", size.to_string()).output().unwrap();
    let time = begun.elapsed();
    let text = String::from_utf8(output.stdout).unwrap();
    let good = text.lines().filter(|line| {
        let value: Value = serde_json::from_str(line).unwrap();
        // std panics where a thread is not to be had.
        ["absorbed", "aborted", "panicked"].iter().any(|verdict| value["verdict"] == *verdict)
    });
    let chains = good.count();
    assert_eq!(chains, text.lines().count(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    (time, chains)
}
