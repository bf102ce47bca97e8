//! Printing that bears a reader who has gone: `cargo firsthit list | head`.

use std::io::{self, Write};

use crate::trouble::Trouble;

/// Prints `text` to standard output.
///
/// # Errors
/// Says why it could not be written; a pipe that nobody reads any more is none.
pub(crate) fn to_stdout(text: &str) -> Result<(), Trouble> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Trouble::usage(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints a line to standard error. Where that cannot be written there is nobody to tell.
pub(crate) fn to_stderr(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
