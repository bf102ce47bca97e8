//! Why the command cannot go on: what is told, and the exit code that says it.

use std::fmt;

use crate::exit_code::ExitCode;

/// An end of the command before its work was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Trouble {
    pub(crate) code: ExitCode,
    /// Names the thing, the value and the cure. Empty where another program has told it already.
    pub(crate) message: String,
}

impl Trouble {
    /// Something of the user's is to be changed: the command line, the configuration, the project, the machine.
    pub(crate) fn usage(message: impl Into<String>) -> Trouble {
        Trouble { code: ExitCode::Usage, message: message.into() }
    }

    /// A bug of ours.
    pub(crate) fn internal(message: impl Into<String>) -> Trouble {
        Trouble { code: ExitCode::Internal, message: message.into() }
    }

    /// Cargo has printed what is wrong.
    pub(crate) fn told() -> Trouble {
        Trouble::usage("")
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
