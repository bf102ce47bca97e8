//! A function at an address, as the debugging information names it.

use std::path::PathBuf;

/// A function at an address, and the place in it. Of functions inlined into each other there are several.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Symbol {
    /// Demangled, without the hash; `module+0xoffset` if no name is known.
    pub(crate) function: String,
    /// As the debugging information has it: an absolute path.
    pub(crate) file: Option<PathBuf>,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
}
