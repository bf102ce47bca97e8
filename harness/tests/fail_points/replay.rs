//! The line that a finding ends with repeats one alternative and no other.

use std::process::Command;

use firsthit::{Sweep, fail_point};

use crate::{Given, Refusal, step};

fn body() -> Given {
    let before = step(1).unwrap_or(7);
    fail_point!("replayed", [Err(Refusal::Full), Ok(0), Ok(1)]);
    Ok(before + 1)
}

#[test]
#[ignore = "run by others"]
fn sweeps() {
    println!("{}", Sweep::new().name("replay::sweeps").run(body));
}

fn ran(token: Option<&str>) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "replay::sweeps", "--nocapture"]);
    command.env_remove("FIRSTHIT_REPLAY").env_remove("FIRSTHIT_ROLE");
    if let Some(token) = token {
        command.env("FIRSTHIT_REPLAY", token);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn one_alternative_is_replayed_alone() {
    let whole = ran(None);
    assert!(whole.contains("4 chains failed once each: 1 recovered, 3 swallowed"), "{whole}");
    let told = "swallowed: fail point \"replayed\" (alternative 2 of 3: `Ok(0)`) failed in ";
    let finding = whole.split_once(told).map_or("", |(_, rest)| rest);
    let token = finding.split_once("FIRSTHIT_REPLAY=").map_or("", |(_, rest)| rest.split(' ').next().unwrap());
    let again = ran(Some(token));
    assert!(again.contains("1 chain failed once: 1 swallowed"), "{again}");
    assert!(again.contains(told) && again.contains("3 chains not failed: FIRSTHIT_REPLAY names another"), "{again}");
}
