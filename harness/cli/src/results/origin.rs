//! Where a run's chains come from: what was built or started, so that one of them can be failed again.

use std::ffi::OsString;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

/// What was swept, as the command line had it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// The options that say what is built and how its chains are found, as `test` and `run` take them.
    pub(crate) options: Vec<String>,
    /// Where it is no project's test: what was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) program: Option<Utf8PathBuf>,
    /// Where the program was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) folder: Option<Utf8PathBuf>,
    /// The program's arguments, or those of the tests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) arguments: Vec<String>,
}

impl Origin {
    /// Of tests, or of the program that was run in a folder. Nothing if an argument is no UTF-8: another one would be replayed.
    pub(crate) fn of(
        options: Vec<String>,
        program: Option<(Utf8PathBuf, Utf8PathBuf)>,
        arguments: &[OsString],
    ) -> Option<Origin> {
        let arguments = arguments.iter().map(|word| word.to_str().map(str::to_owned)).collect::<Option<_>>()?;
        let (program, folder) = program.unzip();
        Some(Origin { options, program, folder, arguments })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[test]
    fn an_argument_that_is_no_text_is_not_replaced_by_another() {
        let program = || Some(("/bin/a".into(), "/".into()));
        let origin = Origin::of(Vec::new(), program(), &["x y".into()]).unwrap();
        assert_eq!((origin.arguments, origin.folder), (vec!["x y".to_owned()], Some("/".into())));
        assert_eq!(Origin::of(Vec::new(), program(), &[OsString::from_vec(vec![0xff])]), None);
    }
}
