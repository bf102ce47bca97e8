//! The forms of a report that other programs read, and where each goes.

use std::str::FromStr;

use camino::Utf8PathBuf;
use clap::ValueEnum;

/// A form of a report.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, ValueEnum)]
pub(crate) enum Format {
    /// All that is known, as one document; `report --schema` prints its JSON Schema.
    Json,
    /// Recovery coverage for genhtml and its like.
    Lcov,
    /// The same in XML, for services and CI servers.
    Cobertura,
    /// Each chain as a test case, for CI servers.
    Junit,
    /// SARIF 2.1.0: each cause as a result, for code scanning.
    Sarif,
    /// Commands by which a workflow on GitHub annotates the lines of a change.
    Github,
    /// For a comment on a pull request, or a job's summary.
    Markdown,
}

impl Format {
    /// Its word on the command line.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Lcov => "lcov",
            Format::Cobertura => "cobertura",
            Format::Junit => "junit",
            Format::Sarif => "sarif",
            Format::Github => "github",
            Format::Markdown => "markdown",
        }
    }
}

/// A form, and the file that it goes to: `sarif=target/firsthit.sarif`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ReportFile {
    pub(crate) format: Format,
    pub(crate) path: Utf8PathBuf,
}

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(word: &str) -> Result<ReportFile, String> {
        let words: Vec<&str> = Format::value_variants().iter().map(|format| format.word()).collect();
        let told = || format!("FORMAT=FILE is wanted, with one of {} as the format", words.join(", "));
        let (format, path) = word.split_once('=').ok_or_else(told)?;
        let format = Format::value_variants().iter().find(|known| known.word() == format).ok_or_else(told)?;
        if path.is_empty() {
            return Err(told());
        }
        Ok(ReportFile { format: *format, path: path.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_and_a_file_are_read_and_refusals_name_the_forms() {
        let read = |word: &str| word.parse::<ReportFile>();
        assert_eq!(read("sarif=a=b"), Ok(ReportFile { format: Format::Sarif, path: "a=b".into() }));
        for wrong in ["sarif", "sarif=", "xml=a", "=a", ""] {
            assert!(
                read(wrong).unwrap_err().contains("json, lcov, cobertura, junit, sarif, github, markdown"),
                "{wrong}"
            );
        }
        for format in Format::value_variants() {
            assert_eq!(format.to_possible_value().unwrap().get_name(), format.word());
        }
    }
}
