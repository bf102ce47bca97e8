//! What the gates say of a run, told.

use crate::contents::gather::Contents;
use crate::exit_code::ExitCode;
use crate::gates::Gates;
use crate::print;

/// The code that the process ends with, which would be `code` without gates.
pub(crate) fn passed(gates: &Gates, contents: &Contents, code: ExitCode) -> ExitCode {
    let passage = gates.pass(contents, code);
    passage.told.iter().for_each(|line| print::to_stderr(line));
    passage.code
}
