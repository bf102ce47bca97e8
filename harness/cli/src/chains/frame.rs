//! One frame of a call chain as it is kept: a function by its name, and the place in it that was running.

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

/// Whose code a frame runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Owner {
    /// A crate of the workspace, or one that was named as such.
    Workspace,
    /// Another crate, as `name-version` where the path of its sources tells.
    Dependency(String),
    /// The standard library, the test runner among it.
    Std,
    /// Code that no Rust path and no source file is known of: of C libraries, say.
    Foreign,
}

/// A function, and the place in it that was running. Of functions inlined into each other each has a frame.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Frame {
    /// Demangled, without the hash; `module+0xoffset` if no name is known.
    pub(crate) function: String,
    /// Where its source lies: relative to the workspace if it lies in there.
    pub(crate) file: Option<Utf8PathBuf>,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
    pub(crate) owner: Owner,
}

/// Functions in which a failure tells nothing: std cannot survive it there, and says so in its documentation.
const QUIET: [&str; 9] = [
    "std::panicking::",
    "core::panicking::",
    "std::backtrace",
    "std::panic::get_backtrace_style",
    "alloc::alloc::handle_alloc_error",
    "rust_begin_unwind",
    "rust_panic",
    "_Unwind_",
    "__rust_start_panic",
];
/// Functions that are named alike and run whatever they are given.
const LOUD: [&str; 3] = ["std::panicking::try", "std::panicking::catch_unwind", "std::panicking::panicking"];

impl Frame {
    /// Whether a failure in it tells nothing.
    pub(crate) fn is_quiet(&self) -> bool {
        QUIET.iter().any(|name| self.function.starts_with(name)) && !self.is_loud()
    }

    /// Whether it is a function of std's panics that is on the stack without any panic, as under every test.
    pub(crate) fn is_loud(&self) -> bool {
        LOUD.iter().any(|name| self.function.starts_with(name))
    }

    /// Whether it is a global allocator's function that is called as such.
    pub(crate) fn is_allocator(&self) -> bool {
        self.function.contains(" as core::alloc::global::GlobalAlloc>::")
    }
}
