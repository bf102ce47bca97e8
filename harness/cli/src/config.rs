//! `.config/firsthit.toml`: what would otherwise be said on every command line.

use std::fs;
use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};
use firsthit::Verdict;
use serde::{Deserialize, Deserializer};

use crate::options::confirm::Confirm;
use crate::options::value::{Depth, Jobs, Percent, Seconds};
use crate::trouble::Trouble;

/// Where it lies, relative to the workspace.
pub(crate) const PATH: &str = ".config/firsthit.toml";

/// Where expectations lie unless it says otherwise, relative to the workspace.
pub(crate) const EXPECTATIONS: &str = ".config/firsthit-expectations.toml";

/// What the file says; what it leaves out is left to the defaults.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) timeout: Option<Seconds>,
    pub(crate) jobs: Option<Jobs>,
    pub(crate) crates: Vec<String>,
    /// Files and folders, relative to the workspace, and modules, whose code is the tests' own.
    pub(crate) test_code: Vec<String>,
    #[serde(deserialize_with = "verdicts")]
    pub(crate) deny: Vec<Verdict>,
    #[serde(deserialize_with = "verdicts")]
    pub(crate) allow: Vec<Verdict>,
    pub(crate) confirm: Confirm,
    pub(crate) depth: Depth,
    pub(crate) pairs_max: Option<u32>,
    pub(crate) fail_under: Option<Percent>,
    pub(crate) fail_new: bool,
    /// Relative to the workspace.
    pub(crate) baseline: Option<Utf8PathBuf>,
    pub(crate) skip: Vec<String>,
    pub(crate) test_args: Vec<String>,
    pub(crate) features: Vec<String>,
    pub(crate) all_features: bool,
    pub(crate) no_default_features: bool,
    /// Relative to the workspace.
    pub(crate) expectations: Option<Utf8PathBuf>,
}

impl Config {
    /// Reads the file of the workspace in `root`; without a file everything is left to the defaults.
    ///
    /// # Errors
    /// Names the file, the line, and what may stand there.
    pub(crate) fn load(root: &Utf8Path) -> Result<Config, Trouble> {
        let path = root.join(PATH);
        match fs::read_to_string(&path) {
            Ok(text) => Config::read(&text, &path),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Config::default()),
            Err(error) => Err(Trouble::usage(format!("cannot read {path}: {error}"))),
        }
    }

    fn read(text: &str, path: &Utf8Path) -> Result<Config, Trouble> {
        let config: Config = toml::from_str(text).map_err(|error| {
            let before = error.span().map_or("", |span| text.get(..span.start).unwrap_or(""));
            let line = before.matches('\n').count() + 1;
            Trouble::usage(format!("{path}:{line} cannot be read\n{error}"))
        })?;
        if let Some(verdict) = config.deny.iter().find(|verdict| config.allow.contains(verdict)) {
            return Err(Trouble::usage(format!(
                "{path}: `{verdict}` stands in both deny and allow: take it out of one"
            )));
        }
        Ok(config)
    }
}

fn verdicts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Verdict>, D::Error> {
    let words = Vec::<String>::deserialize(deserializer)?;
    words.iter().map(|word| word.parse().map_err(serde::de::Error::custom)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Config::read(text, Utf8Path::new("x.toml")).unwrap_err().message
    }

    #[test]
    fn every_key_is_read() {
        let text = "timeout = 2.5\njobs = 3\ncrates = [\"a\"]\ntest-code = [\"src/testing\"]\ndeny = [\"absorbed\"]\n\
            allow = [\"aborted\"]\nskip = [\"slow\"]\ntest-args = [\"--x\"]\nfeatures = [\"f\"]\nall-features = true\n\
            no-default-features = true\nexpectations = \"e.toml\"\nfail-under = 80\nfail-new = true\nconfirm = \"all\"\nbaseline = \"b.json\"";
        let config = Config::read(text, Utf8Path::new("x.toml")).unwrap();
        assert_eq!(
            (config.fail_under, config.fail_new, config.baseline),
            (Some(Percent(8_000)), true, Some("b.json".into()))
        );
        assert_eq!(config.confirm, Confirm::All);
        assert_eq!((config.deny, config.allow), (vec![Verdict::Absorbed], vec![Verdict::Aborted]));
        assert_eq!((config.jobs.map(|jobs| jobs.0.get()), config.expectations), (Some(3), Some("e.toml".into())));
        assert_eq!(
            (config.timeout.map(|limit| limit.0.as_millis()), config.test_code),
            (Some(2500), vec!["src/testing".to_owned()])
        );
    }

    #[test]
    fn a_refusal_names_the_file_the_line_and_what_may_stand_there() {
        let cases = [
            ("jobs = 1\ntimeuot = 3", "x.toml:2", "`timeout`"),
            ("\n\njobs = 0", "x.toml:3", "1 to 1024"),
            ("timeout = -1", "x.toml:1", "between 0.001"),
            ("fail-under = 101", "x.toml:1", "from 0 to 100"),
            ("deny = [\"fine\"]", "x.toml:1", "expected one of recovered"),
            ("jobs = ", "x.toml:1", "cannot be read"),
            ("deny = [\"leaked\"]\nallow = [\"leaked\"]", "x.toml", "both deny and allow"),
        ];
        for (text, place, cure) in cases {
            let refused = refused(text);
            assert!(refused.contains(place) && refused.contains(cure), "{text}: {refused}");
        }
    }
}
