//! Whose panic it was: the test's own, which stopped on an error it was given, or that of the code under test.

use std::path::Path;

use crate::symbols::Symbol;

/// Folders whose files hold nothing but tests, as Cargo lays packages out.
const TEST_FOLDERS: [&str; 3] = ["tests", "benches", "examples"];

/// Where a test's code lies.
#[derive(Clone, Debug)]
pub(crate) struct TestCode {
    /// The module of the test, or the test itself where it stands among the code it tests.
    scope: String,
}

impl TestCode {
    /// That of the test `name`, whose body has the type name `body`.
    pub(crate) fn new(body: &str, name: Option<&str>) -> TestCode {
        let body = body.split("::{{closure}}").next().unwrap_or(body);
        let krate = body.split("::").next().unwrap_or(body);
        let test = name.map_or_else(|| body.to_owned(), |name| format!("{krate}::{name}"));
        let scope = match test.rsplit_once("::") {
            Some((module, _)) if module != krate => module.to_owned(),
            _ => test,
        };
        TestCode { scope }
    }

    /// Whether a panic at `line` of `file`, which is the test's own file, is the test's own.
    ///
    /// Unit tests share the file with the code they test; then the function decides that `frames` show there.
    pub(crate) fn has(&self, file: &str, line: u32, frames: &[Symbol]) -> bool {
        if Path::new(file).iter().any(|part| TEST_FOLDERS.iter().any(|folder| part == *folder)) {
            return true;
        }
        let there = |symbol: &&Symbol| {
            symbol.line == Some(line) && symbol.file.as_ref().is_some_and(|path| path.ends_with(file))
        };
        let function = frames.iter().find(there).map(|symbol| symbol.function.trim_start_matches('<'));
        function.is_none_or(|function| {
            function.strip_prefix(&self.scope).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn at(function: &str) -> Vec<Symbol> {
        let file = Some(PathBuf::from("/home/ann/demo/src/lib.rs"));
        let std = Symbol { function: "core::panicking::panic".to_owned(), file: None, line: Some(7), column: None };
        vec![std, Symbol { function: function.to_owned(), file, line: Some(7), column: Some(1) }]
    }

    #[test]
    fn code_beside_a_module_of_tests_is_not_the_tests() {
        for body in ["demo::tests::grows::{{closure}}", "demo::tests::grows::grows"] {
            let code = TestCode::new(body, Some("tests::grows"));
            assert!(code.has("src/lib.rs", 7, &at("demo::tests::grows::{{closure}}")));
            assert!(code.has("src/lib.rs", 7, &at("demo::tests::helper")));
            assert!(code.has("src/lib.rs", 7, &at("<demo::tests::Fake as demo::Source>::next")));
            assert!(!code.has("src/lib.rs", 7, &at("demo::Cache::grow")));
            assert!(!code.has("src/lib.rs", 7, &at("demo::tests_of_nothing")));
        }
    }

    #[test]
    fn a_test_at_the_root_of_a_crate_is_alone_with_its_own_function() {
        let code = TestCode::new("demo::grows::{{closure}}", Some("grows"));
        assert!(code.has("src/lib.rs", 7, &at("demo::grows")));
        assert!(!code.has("src/lib.rs", 7, &at("demo::grow")));
    }

    #[test]
    fn files_of_integration_tests_hold_nothing_else() {
        let code = TestCode::new("it::grows::{{closure}}", None);
        assert!(code.has("tests/it.rs", 7, &at("it::helper")));
    }

    #[test]
    fn without_symbols_the_file_decides() {
        assert!(TestCode::new("demo::tests::a", None).has("src/lib.rs", 8, &at("demo::Cache::grow")));
    }
}
