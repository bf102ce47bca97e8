//! Tells which recovery paths were tested, from what test programs have left in a folder.

use std::env;
use std::io::{stderr, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    let status = firsthit::coverage::command::run(env::args_os().skip(1), &mut stdout().lock(), &mut stderr().lock());
    ExitCode::from(status)
}
