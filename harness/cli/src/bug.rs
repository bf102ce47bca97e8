//! Bugs of ours: a panic is told as such, with what to send, and ends the process with its own exit code.

use std::panic::{self, UnwindSafe};

use crate::exit_code::ExitCode;
use crate::print;

/// What is said behind whatever went wrong.
pub(crate) const PLEASE: &str = "\
This is a bug of firsthit, not of your code. Please report it, with this output, the command line, what
`cargo firsthit --version` and `rustc -vV` print, and target/firsthit/run/ if it is there.";

/// Runs `work`; a panic in it becomes exit code 70.
pub(crate) fn guarded(work: impl FnOnce() -> ExitCode + UnwindSafe) -> ExitCode {
    let told = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        told(panic);
        print::to_stderr(PLEASE);
    }));
    panic::catch_unwind(work).unwrap_or(ExitCode::Internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_ours_has_its_own_exit_code() {
        let code = guarded(|| panic!("on purpose"));
        // The hook was this test's.
        drop(panic::take_hook());
        assert_eq!((code, guarded(|| ExitCode::Findings)), (ExitCode::Internal, ExitCode::Findings));
        drop(panic::take_hook());
    }
}
