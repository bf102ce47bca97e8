//! What a process leaves when it ends, who does and who does not, and what is told of all of it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use firsthit::{Explorer, Sweep};

use crate::again;
use crate::left::Folder;
use crate::subjects::tested;

#[test]
#[ignore = "run by other tests here"]
fn swept() {
    let report = Sweep::new().explorer(Explorer::Worker).run(|| tested(8));
    assert!(report.is_clean(), "{report}");
}

#[test]
#[ignore = "run by `only_the_tests_own_process_leaves_a_file`"]
fn exits() {
    let report = Sweep::new().name("leaving::exits").run(|| {
        tested(9).unwrap_or_else(|_| std::process::exit(3));
    });
    assert_eq!(report.verdicts(), [firsthit::Verdict::Crashed], "{report}");
}

#[test]
fn only_the_tests_own_process_leaves_a_file() {
    for explorer in [Explorer::Worker, Explorer::Process] {
        let folder = Folder::new();
        again::passes(folder.command("leaving::exits").env("FIRSTHIT_EXPLORER", explorer.as_str()));
        assert_eq!(folder.files().len(), 2, "the points, and what is known of them: {:?}", folder.files());
        assert_eq!(folder.read()["tested: room(count)?"].verdicts, "crashed:1");
    }
}

#[test]
fn a_test_that_runs_nothing_annotated_leaves_nothing() {
    let folder = Folder::new();
    again::passes(&mut folder.command("leaving::nothing"));
    assert!(folder.files().is_empty());
}

#[test]
#[ignore = "run by `a_test_that_runs_nothing_annotated_leaves_nothing`"]
fn nothing() {}

/// The first lines of the listing.
fn totals(output: &str) -> String {
    output.lines().filter(|line| line.starts_with("firsthit: ") && line.contains(" tested")).collect()
}

#[test]
fn processes_of_one_build_are_summed() {
    let folder = Folder::new();
    folder.run("states::in_an_ordinary_test");
    folder.run("leaving::swept");
    assert_eq!(folder.files().len(), 3);
    let mut command = folder.command("states::in_an_ordinary_test");
    let output = again::passes(command.env_remove("NEXTEST").env("FIRSTHIT_COVERAGE", "summary"));
    // The sweep was another process's.
    assert!(totals(&output).contains(": 1 tested, "), "{output}");
    let told = report(&[folder.0.to_str().unwrap()]);
    assert_eq!((told.0, totals(&told.1)), (0, totals(&output)), "{}", told.1);
}

#[test]
fn what_an_older_build_left_is_removed_and_a_newer_one_is_not_mixed_with() {
    let folder = Folder::new();
    folder.run("leaving::swept");
    let own = folder.files();
    for (built, stays) in [("1", false), ("9999999999999999999", true)] {
        let file = &own[0];
        let name = file.file_name().unwrap().to_str().unwrap();
        let parts: Vec<&str> = name.split('.').collect();
        let other = folder.0.join(format!("{}.{:016x}.{built}.77-1.coverage", parts[0], 99));
        let text = fs::read_to_string(file).unwrap().replace(parts[1], &format!("{:016x}", 99));
        fs::write(&other, text.replace(parts[2], built)).unwrap();
        let count = folder.files().len();
        folder.run("leaving::swept");
        assert_eq!(other.exists(), stays);
        // An old program that ends late leaves nothing beside what a newer one has left.
        assert_eq!(folder.files().len(), count, "{:?}", folder.files());
        let _ = fs::remove_file(other);
    }
}

#[test]
fn a_program_is_told_of_what_cannot_be_read_or_written() {
    let folder = Folder::new();
    folder.run("leaving::swept");
    let file = folder.files().into_iter().find(|file| !file.to_string_lossy().contains(".all.")).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("recovered:1", "recovered:x")).unwrap();
    let mut command = folder.command("leaving::swept");
    let output = again::passes(command.env_remove("NEXTEST"));
    let fault = format!("{}:", file.display());
    assert!(output.lines().any(|line| line.contains(&fault) && line.contains("`recovered:x` is no count")), "{output}");
    assert!(totals(&output).contains(": 1 tested, "), "{output}");
    let not_a_folder = folder.files()[0].clone();
    let mut command = folder.command("leaving::swept");
    let output = again::passes(command.env_remove("NEXTEST").env("FIRSTHIT_COVERAGE_DIR", not_a_folder));
    assert!(output.contains("what was counted cannot be kept in"), "{output}");
    assert!(totals(&output).contains(": 1 tested, "), "{output}");
}

#[test]
fn how_much_is_told_is_the_environments_word() {
    let folder = Folder::new();
    let told = |name: &str, value: &str| {
        let mut command = folder.command("leaving::swept");
        again::passes(command.env_remove("NEXTEST").env(name, value))
    };
    assert!(totals(&told("FIRSTHIT_COVERAGE", "list")).contains("recovery paths tested"));
    assert!(told("FIRSTHIT_COVERAGE", "all").contains("FIRSTHIT_COVERAGE=all: it takes off, summary or list"));
    assert_eq!(totals(&told("NEXTEST", "1")), "");
    let count = folder.files().len();
    assert_eq!(totals(&told("FIRSTHIT_COVERAGE", "off")), "");
    assert_eq!(folder.files().len(), count);
}

#[test]
fn a_program_that_cargo_did_not_build_is_told_once_that_nothing_is_kept() {
    let folder = Folder::new();
    fs::create_dir_all(&folder.0).unwrap();
    // Outside of cargo's folder, and away from the program's own copy there.
    let program = std::env::temp_dir().join(format!("firsthit-{}", std::process::id()));
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = Command::new(&program);
    command.args(["leaving::swept_twice", "--exact", "--ignored", "--nocapture"]).stdin(Stdio::null());
    for variable in ["NEXTEST", "FIRSTHIT_COVERAGE", "FIRSTHIT_COVERAGE_DIR"] {
        command.env_remove(variable);
    }
    let output = again::passes(&mut command);
    fs::remove_file(program).unwrap();
    assert_eq!(output.matches("what was counted is not kept").count(), 1, "{output}");
    assert!(totals(&output).contains(": 1 tested, "), "{output}");
}

#[test]
#[ignore = "run by `a_program_that_cargo_did_not_build_is_told_once_that_nothing_is_kept`"]
fn swept_twice() {
    swept();
    swept();
}

/// Runs the report with these arguments: its status, and what it printed.
fn report(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firsthit-report"));
    command.args(arguments).stdin(Stdio::null()).env_remove("FIRSTHIT_COVERAGE_DIR").env_remove("FIRSTHIT_COVERAGE");
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].map(|stream| String::from_utf8_lossy(&stream).into_owned()).concat();
    (output.status.code().unwrap(), text)
}

#[test]
fn the_report_says_what_is_wrong_and_ends_with_its_number() {
    let folder = Folder::new();
    let path = folder.0.to_str().unwrap();
    let (status, text) = report(&[path]);
    assert!(status == 66 && text.contains(path), "{status} {text}");
    fs::create_dir_all(&folder.0).unwrap();
    let (status, text) = report(&[path]);
    assert!(status == 66 && text.contains("no test program has left anything here"), "{status} {text}");
    folder.run("leaving::swept");
    let (status, text) = report(&[path, "--list"]);
    assert!(status == 0 && text.contains("from 1 program in ") && text.contains("::forgotten  "), "{status} {text}");
    let damaged = folder.0.join("x.coverage");
    fs::write(&damaged, "firsthit coverage 7\n").unwrap();
    let (status, text) = report(&[path]);
    assert!(status == 65 && text.contains("x.coverage:1: the format is 7"), "{status} {text}");
    assert!(totals(&text).contains("recovery paths tested"), "{text}");
    let (status, text) = report(&["--help"]);
    assert!(status == 0 && text.contains("Usage:") && text.contains("Exit status:"), "{status} {text}");
    assert_eq!(report(&["--hlep"]).0, 1);
    assert!(Path::new(env!("CARGO_BIN_EXE_firsthit-report")).is_file());
}
