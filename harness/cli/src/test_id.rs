//! The name of one test: the binary that it is in, and what `--exact` takes for it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One test of one test binary.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(crate) struct TestId {
    /// As nextest names binaries: `package` for the unit tests of a library, `package::target` for integration tests,
    /// `package::bin/target`, `package::example/target`, `package::bench/target`, `package::proc-macro/target`; of a program
    /// that is run without Cargo, its file's name.
    pub(crate) binary: String,
    /// What `--exact` takes; empty where the whole program is one test (`harness = false`, or any program).
    pub(crate) name: String,
}

impl fmt::Display for TestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.binary)?;
        if self.name.is_empty() { Ok(()) } else { write!(f, " {}", self.name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_program_has_no_name_behind_its_binary() {
        let id = |name: &str| TestId { binary: "demo::it".to_owned(), name: name.to_owned() };
        assert_eq!((id("").to_string(), id("a::b").to_string()), ("demo::it".to_owned(), "demo::it a::b".to_owned()));
    }
}
