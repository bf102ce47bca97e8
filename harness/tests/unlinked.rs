//! A library that no test names is not linked, and its recovery paths would be missing without a word.
#![cfg(target_os = "linux")]

mod built_crate;

use std::fs;

use built_crate::{BuiltCrate, printed};

const LIBRARY: &str = r#"
pub fn declared() {
    firsthit::__function!(HERE, "declared", 1, [Question "x()?" 0, 1, 1;]);
    HERE.reached(0);
}

#[cfg(any())]
#[firsthit::instrument]
fn annotated() {}
"#;

const TEST: &str = r#"
#[global_allocator]
static ALLOC: firsthit::Alloc = firsthit::Alloc::system();

#[test]
fn swept() {
    firsthit::sweep(|| Vec::<u8>::new().try_reserve_exact(std::hint::black_box(9)));
}
"#;

/// Annotated for its own unit tests alone, and with its root at another place.
const FOR_UNIT_TESTS: &str = "#[cfg_attr(test, firsthit::instrument)]\npub fn annotated() {}\n";

fn ran(krate: &BuiltCrate, test: &str) -> String {
    printed(&mut krate.cargo(&["test", "--test", test]))
}

#[test]
#[ignore = "builds a crate and what it depends on: half a minute"]
fn a_library_that_no_test_names_is_missed() {
    let with = format!("extern crate un_named as _;\n{TEST}");
    let files = [("src/lib.rs", LIBRARY), ("tests/without.rs", TEST), ("tests/with.rs", &with)];
    let krate = BuiltCrate::new("un-named", "", &files);
    let _ = fs::remove_dir_all(krate.0.join("target/firsthit"));
    let without = ran(&krate, "without");
    assert!(without.contains("src/lib.rs has annotated code, and none of the library `un_named`"), "{without}");
    assert!(without.contains("`extern crate un_named as _;`"), "{without}");
    assert!(!without.contains("recovery path"), "there is nothing to count: {without}");
    let with = ran(&krate, "with");
    assert!(!with.contains("extern crate"), "{with}");
    assert!(with.contains("firsthit: 0 of 1 recovery path tested (0%): 1 never reached"), "{with}");
    let left = fs::read_dir(krate.0.join("target/firsthit/coverage")).unwrap().count();
    assert_eq!(left, 1, "in cargo's own folder");
    // The same crate in another shape, because what it depends on is built by now.
    let manifest = "[lib]\npath = \"elsewhere/root.rs\"";
    let files = [("elsewhere/root.rs", "mod inner;\n"), ("elsewhere/inner.rs", FOR_UNIT_TESTS)];
    let krate = BuiltCrate::new("un-named", manifest, &files);
    let without = ran(&krate, "without");
    assert!(without.contains("elsewhere/inner.rs has code that is annotated for the unit tests of"), "{without}");
    assert!(without.contains("help: for this one, too, annotate it by a feature"), "{without}");
}
