//! What is declared is counted, whatever the optimiser and the linker think of code that nobody calls.
#![cfg(target_os = "linux")]

mod built_crate;

use std::process::Command;

use built_crate::{BuiltCrate, printed};

const PROFILES: &str = "[profile.fat]\ninherits = \"release\"\nlto = \"fat\"\ncodegen-units = 1";

/// Plain, generic and never instantiated, private, and in a module of its own that nothing refers to.
const LIBRARY: &str = r#"
#[firsthit::instrument]
pub fn plain(bytes: &mut Vec<u8>) -> Result<(), std::collections::TryReserveError> {
    bytes.try_reserve(1)?;
    Ok(())
}

#[firsthit::instrument]
pub mod forgotten {
    use std::collections::TryReserveError;

    pub fn uncalled(bytes: &mut Vec<u8>) -> Result<(), TryReserveError> {
        bytes.try_reserve(2)?;
        deeper::private(bytes).map_err(|error| error)
    }

    pub fn never_instantiated<T>(items: &mut Vec<T>) -> Option<()> {
        items.try_reserve(3).ok()
    }

    mod deeper {
        pub(super) fn private(bytes: &mut Vec<u8>) -> Result<(), super::TryReserveError> {
            bytes.try_reserve(4)
        }
    }

    pub struct Unused;

    impl Unused {
        pub fn method(&self, bytes: &mut Vec<u8>) -> bool {
            if bytes.try_reserve(5).is_err() { false } else { true }
        }
    }
}
"#;

/// The crate is named, and nothing of it is used.
const TEST: &str = r#"
extern crate counted as _;

#[test]
fn listed() {
    let mut functions: Vec<_> = firsthit::__private::FUNCTIONS
        .iter()
        .map(|function| format!("{}::{} {}", function.module, function.name, function.points().count()))
        .collect();
    functions.sort();
    println!("declared: {}", functions.join(", "));
}
"#;

/// Sites and arms of each function.
const DECLARED: &str = "declared: counted::forgotten::Unused::method 2, \
     counted::forgotten::deeper::private 1, counted::forgotten::never_instantiated 2, \
     counted::forgotten::uncalled 3, counted::plain 2\n";

#[test]
#[ignore = "builds a crate and what it depends on in three profiles: a minute"]
fn every_profile_and_linker_counts_the_same() {
    let krate = BuiltCrate::new("counted", PROFILES, &[("src/lib.rs", LIBRARY), ("tests/listed.rs", TEST)]);
    for profile in ["dev", "release", "fat"] {
        for linker in ["bfd", "lld"] {
            let output = built(&krate, profile, linker);
            assert!(output.contains(DECLARED), "{profile}, {linker}: {output}");
        }
    }
}

/// What the test prints, with the program linked by `linker`, and by no other: its name stands in the program.
fn built(krate: &BuiltCrate, profile: &str, linker: &str) -> String {
    let mut cargo = krate.cargo(&["rustc", "--test", "listed", "--profile", profile, "--message-format", "json"]);
    // The compiler's own choice on this platform is lld.
    if linker == "bfd" {
        cargo.args(["--", "-Clinker-features=-lld"]);
    }
    let messages = printed(&mut cargo);
    let program = messages.rsplit("\"executable\":\"").next().and_then(|rest| rest.split('"').next()).unwrap();
    let is_lld = std::fs::read(program).unwrap().windows(12).any(|bytes| bytes == b"Linker: LLD ");
    assert_eq!(is_lld, linker == "lld", "{program}");
    printed(Command::new(program).arg("--nocapture"))
}
