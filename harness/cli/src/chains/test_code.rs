//! Which code is the tests' own: what they do themselves says nothing of the code that they test.

use camino::{Utf8Path, Utf8PathBuf};

use crate::chains::frame::{Frame, Owner};
use crate::test_id::TestId;

/// Folders whose files hold nothing but tests, as Cargo lays packages out.
const FOLDERS: [&str; 3] = ["tests", "benches", "examples"];
/// Modules that by custom hold nothing but tests.
const MODULES: [&str; 4] = ["tests", "test", "testing", "test_utils"];

/// Where one test's code lies.
#[derive(Clone, Debug)]
pub(crate) struct TestCode {
    /// Whether there is any: a program that is no test has none.
    is_there: bool,
    /// The module that the test is in, or the test itself where it stands among the code it tests.
    scope: Option<String>,
    /// Beginnings of files or of functions' paths that the configuration names.
    named: Vec<String>,
    /// Where the packages lie, relative to the workspace.
    packages: Vec<Utf8PathBuf>,
}

impl TestCode {
    /// That of a test in the crate `krate`, with what the configuration names, in a workspace of these packages.
    pub(crate) fn new(krate: &str, test: &TestId, named: &[String], packages: &[Utf8PathBuf]) -> TestCode {
        let path = (!test.name.is_empty()).then(|| format!("{krate}::{}", test.name));
        let scope = path.map(|path| match path.rsplit_once("::") {
            Some((module, _)) if module != krate => module.to_owned(),
            _ => path,
        });
        TestCode { is_there: true, scope, named: named.to_vec(), packages: packages.to_vec() }
    }

    /// That of a program that is no test.
    pub(crate) fn none() -> TestCode {
        TestCode { is_there: false, scope: None, named: Vec::new(), packages: Vec::new() }
    }

    /// Whether a file lies in a folder of its package that holds nothing but tests.
    fn in_tests_folder(&self, file: &Utf8Path) -> bool {
        // A package can lie in another one's folder.
        let within = self.packages.iter().filter_map(|package| file.strip_prefix(package).ok());
        let innermost = within.min_by_key(|rest| rest.components().count());
        let mut parts = innermost.into_iter().flat_map(Utf8Path::components).map(|part| part.as_str());
        parts.next().is_some_and(|folder| FOLDERS.contains(&folder)) && parts.next().is_some()
    }

    /// Whether a frame runs the tests' own code.
    pub(crate) fn has(&self, frame: &Frame) -> bool {
        // Where `--crates` names others, the workspace's own crates are not its code under test, and their tests still are tests.
        if !self.is_there || frame.owner == Owner::Std {
            return false;
        }
        let function = frame.function.trim_start_matches('<');
        let begins = |whole: &str, with: &str| {
            whole
                .strip_prefix(with)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("::") || rest.starts_with('/'))
        };
        if let Some(file) = &frame.file
            && (self.in_tests_folder(file)
                || self.named.iter().any(|named| begins(file.as_str(), named.trim_end_matches('/'))))
        {
            return true;
        }
        let path = function.split(['<', '{', ' ']).next().unwrap_or(function);
        self.scope.as_deref().is_some_and(|scope| begins(function, scope))
            || self.named.iter().any(|named| begins(function, named))
            || (frame.owner == Owner::Workspace && path.split("::").any(|part| MODULES.contains(&part)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(function: &str, file: &str) -> Frame {
        let (function, file) = (function.to_owned(), Some(file.into()));
        Frame { function, file, line: Some(1), column: None, owner: Owner::Workspace }
    }

    fn code(name: &str) -> TestCode {
        let test = TestId { binary: "demo".to_owned(), name: name.to_owned() };
        let packages = ["", "demo", "examples/shop"].map(Into::into);
        TestCode::new("demo", &test, &["demo::mock".to_owned(), "src/fake".to_owned()], &packages)
    }

    #[test]
    fn code_beside_a_module_of_tests_is_not_the_tests() {
        let code = code("cases::grows");
        assert!(code.has(&frame("demo::cases::grows::{{closure}}", "src/lib.rs")));
        assert!(code.has(&frame("<demo::cases::Fake as demo::Source>::next", "src/lib.rs")));
        assert!(code.has(&frame("demo::deep::tests::helper", "src/deep.rs")));
        assert!(code.has(&frame("it::helper", "demo/tests/it.rs")));
        assert!(code.has(&frame("demo::mock::Server::new", "src/lib.rs")) && code.has(&frame("x::f", "src/fake/a.rs")));
        for other in ["demo::Cache::grow", "demo::cases_of_nothing", "demo::mocked"] {
            assert!(!code.has(&frame(other, "src/lib.rs")), "{other}");
        }
        let dependency = Frame { owner: Owner::Std, ..frame("demo::cases::grows", "src/lib.rs") };
        assert!(!code.has(&dependency));
    }

    #[test]
    fn tests_are_tests_where_only_other_crates_are_under_test() {
        let other =
            |function: &str, file: &str| Frame { owner: Owner::Dependency("demo".to_owned()), ..frame(function, file) };
        let code = code("cases::grows");
        assert!(
            code.has(&other("it::helper", "demo/tests/it.rs")) && code.has(&other("demo::cases::grows", "src/lib.rs"))
        );
        assert!(!code.has(&other("other::tests::helper", "other-1.0.0/src/tests.rs")), "a dependency's are not");
        assert!(!code.has(&other("other::helper", "other-1.0.0/tests/it.rs")));
    }

    #[test]
    fn a_test_at_the_root_of_a_crate_is_alone_with_its_own_function() {
        let code = code("grows");
        assert!(code.has(&frame("demo::grows", "src/lib.rs")) && !code.has(&frame("demo::grow", "src/lib.rs")));
    }

    #[test]
    fn a_file_of_the_name_is_no_folder_of_tests() {
        assert!(!code("a::b").has(&frame("demo::f", "tests")));
        assert!(
            !code("a::b").has(&frame("demo::f", "src/tests/deep.rs")),
            "a module of the code under test can have that name"
        );
        assert!(!code("a::b").has(&frame("demo::f", "examples/shop/src/lib.rs")), "a package can lie there");
        assert!(code("a::b").has(&frame("demo::f", "examples/shop/tests/it/helper.rs")));
        assert!(!TestCode::none().has(&frame("it::helper", "demo/tests/it.rs")));
    }
}
