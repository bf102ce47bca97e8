//! `cargo firsthit verify`: it agrees with an honest program, and tells of one that does otherwise where it was forked.

use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::Value;

mod demo;

/// A sweep runs a test in a fork of its own program, and a check in a process that the tool has started: code that looks
/// whose child it is shows each what the other does not see.
const SOURCE: &str = r#"
use std::collections::TryReserveError;

pub fn is_fork() -> bool {
    let exe = |of: u32| std::fs::read_link(format!("/proc/{of}/exe"));
    let parent = std::os::unix::process::parent_id();
    matches!((exe(parent), exe(std::process::id())), (Ok(parent), Ok(own)) if parent == own)
}

#[inline(never)]
pub fn room(bytes: usize) -> Result<Vec<u8>, TryReserveError> {
    let mut room = Vec::new();
    room.try_reserve_exact(bytes)?;
    Ok(std::hint::black_box(room))
}

#[inline(never)]
pub fn honest(bytes: usize) -> Result<usize, TryReserveError> {
    Ok(room(bytes)?.capacity() + room(bytes / 2)?.capacity())
}

#[inline(never)]
pub fn ends_otherwise(fork: bool) -> Result<usize, TryReserveError> {
    match room(40) {
        Err(error) if fork => Err(error),
        other => Ok(other.map_or(0, |room| room.capacity())),
    }
}

#[inline(never)]
pub fn missed(fork: bool) -> Result<usize, TryReserveError> {
    if fork { Ok(0) } else { room(50).map(|room| room.capacity()) }
}

#[inline(never)]
pub fn invented(fork: bool) -> Result<usize, TryReserveError> {
    if fork { room(60).map(|room| room.capacity()) } else { Ok(0) }
}

#[inline(never)]
pub fn later() -> Result<usize, TryReserveError> {
    let mut sum = 0;
    for round in 0..3 {
        match room(70) {
            Ok(room) => sum += room.capacity(),
            Err(error) if round == 0 => return Err(error),
            Err(_) => std::process::abort(),
        }
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    #[test]
    fn honest() {
        assert!(crate::honest(30).unwrap() > 0);
    }

    #[test]
    fn two_faced() {
        let fork = crate::is_fork();
        assert!(crate::ends_otherwise(fork).is_ok());
        assert!(crate::missed(fork).is_ok());
        assert!(crate::invented(fork).is_ok());
    }

    #[test]
    fn later() {
        assert!(crate::later().is_ok());
    }

    #[test]
    fn threads() {
        let made = || crate::honest(80).unwrap();
        let threads = [std::thread::spawn(made), std::thread::spawn(made)];
        threads.into_iter().for_each(|thread| assert!(thread.join().is_ok()));
    }
}
"#;

static WORKSPACE: LazyLock<PathBuf> = LazyLock::new(|| {
    demo::once("verify", |folder| {
        let manifest = "[package]\nname = \"faces\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
        demo::write(folder, &[("Cargo.toml", manifest), ("src/lib.rs", SOURCE)]);
        let (_, err, code) = demo::ended(&mut demo::firsthit(folder, &["list", "-q"]));
        assert_eq!(code, 0, "{err}");
    })
});

/// What `verify` says of one test: what it says of the test, of all, and its exit code.
fn verified(test: &str, words: &[&str]) -> (Value, Value, i32) {
    let words = [&["verify", "--json", "-q", "--exact", test], words].concat();
    let (out, err, code) = demo::ended(&mut demo::firsthit(&WORKSPACE, &words));
    let values: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [of_test, of_all] = values.as_slice() else { panic!("{out}\n{err}") };
    (of_test.clone(), of_all["totals"].clone(), code)
}

/// Of each difference: its kind, the outermost function but the test's, and how the sweep and the first run ended.
fn differences(of_test: &Value) -> Vec<(String, String, String, String)> {
    let end = |end: &Value| match (end["verdict"].as_str(), end["process"].as_str()) {
        (Some(verdict), Some(process)) => format!("{verdict}, {process}"),
        _ => String::new(),
    };
    let told = of_test["differences"].as_array().unwrap().iter().map(|one| {
        assert_eq!(one["certain"], true, "{one}");
        let frames = one["chain"].as_array().unwrap();
        let functions: Vec<_> = frames.iter().filter_map(|frame| frame["function"].as_str()).collect();
        let outer = functions.iter().rfind(|function| !function.contains("tests::")).unwrap();
        (one["kind"].as_str().unwrap().to_owned(), (*outer).to_owned(), end(&one["swept"]), end(&one["hits"][0]["end"]))
    });
    told.collect()
}

#[test]
fn both_sides_say_the_same_of_code_that_does_the_same() {
    let (of_test, of_all, code) = verified("tests::honest", &[]);
    assert_eq!((code, &of_test["chains"], &of_test["alike"]), (0, &2.into(), &2.into()), "{of_test}");
    assert!(of_test["differences"].as_array().unwrap().is_empty() && of_test["varies"].is_null(), "{of_test}");
    assert_eq!(of_test["runs"], of_test["requests"], "every request was failed once");
    assert!(of_test["requests_of_runner"].as_u64() > Some(0) && of_all["missed"] == 0, "{of_test}");
}

#[test]
fn code_that_does_otherwise_where_it_was_forked_is_told() {
    let (of_test, of_all, code) = verified("tests::two_faced", &[]);
    let own = |kind: &str, function: &str, swept: &str, shown: &str| {
        (kind.to_owned(), format!("faces::{function}"), swept.to_owned(), shown.to_owned())
    };
    let told: Vec<_> = differences(&of_test).into_iter().filter(|one| one.1 != "faces::is_fork").collect();
    let expected = [
        own("missed", "missed", "", "recovered, status 101"),
        own("invented", "invented", "recovered, status 101", ""),
        own("otherwise", "ends_otherwise", "recovered, status 101", "absorbed, status 0"),
    ];
    assert_eq!(told, expected, "{of_test:#}");
    assert_eq!((code, &of_all["missed"], &of_all["invented"]), (2, &1.into(), &1.into()), "{of_all}");
}

#[test]
fn a_later_hit_that_ends_otherwise_is_told_and_no_disagreement() {
    let (of_test, of_all, code) = verified("tests::later", &[]);
    let expected = ["later", "faces::later", "recovered, status 101", "crashed, signal 6 (SIGABRT)"];
    let [kind, function, swept, shown] = expected.map(str::to_owned);
    assert_eq!(differences(&of_test), [(kind, function, swept, shown)], "{of_test:#}");
    assert_eq!(of_test["differences"][0]["hits"].as_array().unwrap().len(), 2, "the second hit and the third");
    assert_eq!((code, &of_all["later"]), (0, &1.into()));
    let first = of_test["differences"][0]["hits"][0]["request"].to_string();
    let request = format!("--request={first}");
    let (again, _, _) = verified("tests::later", &[&request]);
    assert_eq!((&again["runs"], code), (&1.into(), 0), "one run: {again}");
}

#[test]
fn a_test_with_threads_of_its_own_is_compared_as_a_set() {
    let (of_test, _, code) = verified("tests::threads", &[]);
    assert!(of_test["varies"].as_str().unwrap().contains("threads"), "{of_test}");
    assert_eq!((code, &of_test["chains"]), (0, &4.into()), "{of_test:#}");
    // Whose turn it is decides what a number means: a request may be failed by none.
    let differences = of_test["differences"].as_array().unwrap();
    assert!(differences.iter().all(|one| one["certain"] == false), "{of_test:#}");
    let other = differences.iter().filter(|one| one["kind"] != "later").count() as u64;
    assert_eq!(of_test["alike"].as_u64().map(|alike| alike + other), Some(4), "{of_test:#}");
}

#[test]
fn where_there_are_more_requests_than_are_to_be_failed_every_first_hit_is_among_the_share() {
    let (of_test, of_all, code) = verified("tests::later", &["--limit", "1"]);
    assert_eq!((code, &of_test["share"], &of_all["shares"]), (0, &true.into(), &1.into()), "{of_test}");
    assert!(of_test["runs"].as_u64() < of_test["requests"].as_u64(), "{of_test}");
    assert_eq!((&of_test["chains"], &of_test["alike"]), (&1.into(), &1.into()), "{of_test}");
}
