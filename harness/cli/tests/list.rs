//! `cargo firsthit list` on a workspace of every kind of target: what it names, and that it can be run from what it says.

mod demo;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

/// The workspace, which the tests here share: each builds what another has not.
static WORKSPACE: LazyLock<PathBuf> = LazyLock::new(|| demo::workspace("list"));

/// The list as an object, with these words behind `list --json`.
fn json(words: &[&str]) -> Value {
    let words: Vec<&str> = ["list", "--json"].iter().chain(words).copied().collect();
    let (out, err, code) = demo::ended(&mut demo::firsthit(&WORKSPACE, &words));
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

fn binary<'a>(list: &'a Value, name: &str) -> &'a Value {
    let binaries = list["binaries"].as_array().unwrap();
    binaries.iter().find(|binary| binary["binary"] == name).unwrap_or_else(|| panic!("no {name} in {list:#}"))
}

/// A binary's test as the list says that it is run.
fn run(binary: &Value, test: usize) -> (String, String, i32) {
    let arguments = binary["tests"][test]["arguments"].as_array().unwrap();
    let arguments: Vec<&str> = arguments.iter().map(|argument| argument.as_str().unwrap()).collect();
    let folder = PathBuf::from(binary["folder"].as_str().unwrap());
    let mut command = demo::command(binary["path"].as_str().unwrap(), &folder, &arguments);
    for (name, value) in binary["environment"].as_object().unwrap() {
        match value.as_str() {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    demo::ended(&mut command)
}

/// The variables that the test `prints` has printed, and its folder; paths of the instrumented build as of the ordinary one.
fn printed(text: &str) -> BTreeMap<String, String> {
    let text = text.replace("target/firsthit/build", "target");
    let (folders, variables): (Vec<&str>, Vec<&str>) = text
        .lines()
        .filter(|line| line.starts_with("folder ") || line.starts_with("variable "))
        .partition(|line| line.starts_with("folder "));
    assert_eq!(folders.len(), 1, "{text}");
    let pairs = variables.iter().filter_map(|line| line["variable ".len()..].split_once('='));
    let mut pairs: BTreeMap<String, String> = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    // The shell's word for the program that it has started last.
    pairs.remove("_");
    // Folders in the names of build scripts' differ by the flags.
    pairs.entry("LD_LIBRARY_PATH".to_owned()).and_modify(|path| {
        let entries = path.split(':').map(|entry| if entry.ends_with("/out") { "script" } else { entry });
        *path = entries.collect::<Vec<_>>().join(":");
    });
    pairs.insert("folder".to_owned(), folders[0].to_owned());
    pairs
}

#[test]
fn every_test_is_named_on_a_line_and_the_rest_is_told_beside_them() {
    let (out, err, code) = demo::ended(&mut demo::firsthit(&WORKSPACE, &["firsthit", "list"]));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines,
        ["derive::proc-macro/derive expands", "plain works", "plain::it prints", "plain::own", "scripted finds"]
    );
    assert_eq!(code, 0);
    assert!(
        err.contains("5 tests in 5 binaries\n1 other is ignored or filtered out\ndoctests are not swept\n"),
        "{err}"
    );
}

#[test]
fn filters_features_and_packages_choose() {
    let (out, ..) = demo::ended(&mut demo::firsthit(
        &WORKSPACE,
        &["test", "--list", "-p", "plain", "--lib", "-F", "extra", "--include-ignored", "-q"],
    ));
    assert_eq!(out, "plain extra\nplain slow (ignored)\nplain works\n");
    let (out, ..) = demo::ended(&mut demo::firsthit(&WORKSPACE, &["list", "-q", "own", "expands", "--skip", "pands"]));
    assert_eq!(out, "plain::own\n");
    let (_, err, code) = demo::ended(&mut demo::firsthit(&WORKSPACE, &["test", "-q", "no such name"]));
    assert!(code == 5 && err.contains("no test to sweep: 6 are ignored or filtered out"), "{err}");
}

#[test]
fn each_test_runs_as_the_list_says() {
    let list = json(&["--include-ignored"]);
    for name in ["derive::proc-macro/derive", "plain", "scripted"] {
        let (out, err, code) = run(binary(&list, name), 0);
        assert!(code == 0 && out.contains("1 passed"), "{name}: {out}{err}");
    }
    let own = binary(&list, "plain::own");
    assert_eq!((own["harness"].as_bool(), run(own, 0).0), (Some(false), "its own\n".to_owned()));
    assert!(list["binaries"].as_array().unwrap().iter().all(|binary| binary["refused"].is_null()));
}

#[test]
fn a_test_sees_what_cargo_would_show_it() {
    let list = json(&[]);
    for (name, test) in [("plain::it", "prints"), ("plain", "works")] {
        let (ours, ..) = run(binary(&list, name), 0);
        let words = ["test", "--workspace", "--", "--nocapture", test];
        let (cargos, err, _) = demo::ended(&mut demo::command("cargo", &WORKSPACE, &words));
        assert!(cargos.contains("1 passed"), "{cargos}{err}");
        assert_eq!(printed(&ours), printed(&cargos), "{name}");
    }
}

#[test]
fn build_scripts_compile_c_with_the_users_flags_and_ours() {
    let list = json(&[]);
    let seen = |name: &str| binary(&list, "scripted")["environment"][name].as_str().unwrap().to_owned();
    assert_eq!(seen("SEEN_CFLAGS"), "-O1 -fno-omit-frame-pointer -g1");
    assert_eq!(seen("SEEN_CXXFLAGS"), "-O3 -fno-omit-frame-pointer -g1");
}

#[test]
fn binaries_keep_names_and_lines_although_the_profile_strips_them() {
    let list = json(&[]);
    for name in ["plain", "derive::proc-macro/derive"] {
        let path = binary(&list, name)["path"].as_str().unwrap();
        let bytes = std::fs::read(path).unwrap();
        let has = |section: &[u8]| bytes.windows(section.len()).any(|window| window == section);
        assert!(has(b".debug_line\0") && has(b".symtab\0"), "{name}");
    }
}

#[test]
fn nextest_lists_the_same_where_it_is_installed() {
    if !Command::new("cargo").args(["nextest", "--version"]).output().is_ok_and(|output| output.status.success()) {
        let (_, err, code) = demo::ended(&mut demo::firsthit(&WORKSPACE, &["list", "--test-tool", "nextest"]));
        assert!(code == 1 && err.contains("cargo-nextest is not installed"), "{err}");
        return;
    }
    // Without the one that does not speak the test runner's language, which nextest refuses.
    let words = ["--lib", "--test", "it", "--include-ignored"];
    let nextests: Vec<&str> = words.iter().copied().chain(["--test-tool", "nextest"]).collect();
    assert_eq!(json(&nextests), json(&words));
}
