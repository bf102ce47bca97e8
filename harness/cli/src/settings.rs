//! What holds for one sweep: the command line, and what it leaves open from the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use firsthit::Verdict;

use crate::config::{Config, EXPECTATIONS};
use crate::options::cargo::CargoOptions;
use crate::options::filter::FilterOptions;
use crate::options::format::ReportFile;
use crate::options::gates::GateOptions;
use crate::options::output::MessageFormat;
use crate::options::sweep::{SweepOptions, VerdictOptions};
use crate::project::{Project, Scope};
use crate::shard::Shard;
use crate::trouble::Trouble;

/// How a sweep is done.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Settings {
    /// The workspace's folder; the working folder where no project is.
    pub(crate) root: Utf8PathBuf,
    /// Of one run; if none, from how long it takes without a failure.
    pub(crate) timeout: Option<Duration>,
    /// How many runs at a time.
    pub(crate) jobs: NonZeroUsize,
    /// The crates whose chains are failed: those that are named, else the workspace's.
    pub(crate) scope: Scope,
    /// The folders of the workspace's packages and of the crates in scope: tests lie in them.
    pub(crate) packages: Vec<Utf8PathBuf>,
    /// Files and folders, relative to the workspace, and modules, whose code is the tests' own beside what is by custom.
    pub(crate) test_code: Vec<String>,
    /// The verdicts that are findings.
    pub(crate) findings: Vec<Verdict>,
    /// What is handed to every test binary.
    pub(crate) test_args: Vec<OsString>,
    /// Where expectations lie; absolute. Whether there is such a file is not said.
    pub(crate) expectations: Utf8PathBuf,
    pub(crate) shard: Option<Shard>,
    pub(crate) in_diff: Option<Utf8PathBuf>,
    /// Only chains that no earlier sweep has failed.
    pub(crate) new_only: bool,
    pub(crate) resume: bool,
    /// The reports that are written at the end.
    pub(crate) reports: Vec<ReportFile>,
    pub(crate) gates: GateOptions,
    pub(crate) message_format: MessageFormat,
}

impl Settings {
    /// The command line's word holds over the configuration's. Of lists the command line's replaces the other, but verdicts
    /// are taken one by one.
    ///
    /// # Errors
    /// Names a verdict that is both allowed and denied, or a crate that is not known.
    pub(crate) fn new(
        options: &SweepOptions,
        test_args: &[OsString],
        config: &Config,
        project: Option<&Project>,
    ) -> Result<Settings, Trouble> {
        let named = if options.runs.crates.is_empty() { &config.crates } else { &options.runs.crates };
        let scope = match project {
            Some(project) if named.is_empty() => project.members(),
            Some(project) => project.crates(named)?,
            None => Scope { folders: Vec::new(), crates: named.iter().map(|name| name.replace('-', "_")).collect() },
        };
        let members = project.map(Project::members).unwrap_or_default();
        let packages: BTreeSet<Utf8PathBuf> =
            members.folders.into_iter().chain(scope.folders.iter().cloned()).collect();
        let here = || env::current_dir().ok().and_then(|folder| Utf8PathBuf::from_path_buf(folder).ok());
        let root = project.map(|project| project.root().to_owned()).or_else(here).unwrap_or_default();
        let test_args = match test_args {
            [] => config.test_args.iter().map(OsString::from).collect(),
            given => given.to_vec(),
        };
        let jobs = options.runs.jobs.or(config.jobs).map(|jobs| jobs.0);
        Ok(Settings {
            timeout: options.runs.timeout.or(config.timeout).map(|limit| limit.0),
            jobs: jobs.unwrap_or_else(|| std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)),
            scope,
            packages: packages.into_iter().collect(),
            test_code: config.test_code.clone(),
            findings: findings(&options.runs.verdicts, config)?,
            test_args,
            expectations: root.join(config.expectations.as_deref().unwrap_or(EXPECTATIONS.into())),
            shard: options.shard,
            in_diff: options.in_diff.clone(),
            new_only: options.new,
            resume: options.resume,
            reports: options.report.clone(),
            gates: with_gates(&options.gates, config, &root),
            message_format: options.runs.message_format,
            root,
        })
    }
}

impl Settings {
    /// All that can change what is found, by name.
    pub(crate) fn told(&self) -> BTreeMap<String, String> {
        let words =
            |words: &[OsString]| words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join("\u{1f}");
        let limit = self.timeout.map_or_else(String::new, |limit| limit.as_millis().to_string());
        let options = [
            ("timeout", limit),
            ("crates", self.scope.crates.join(",")),
            ("test-code", self.test_code.join(",")),
            ("test-args", words(&self.test_args)),
            ("in-diff", self.in_diff.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("new", self.new_only.to_string()),
        ];
        options.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// Which tests: the configuration's skips hold where the command line names none.
pub(crate) fn with_skips(options: &FilterOptions, config: &Config) -> FilterOptions {
    let mut options = options.clone();
    if options.skip.is_empty() {
        options.skip.clone_from(&config.skip);
    }
    options
}

/// The bars: what the command line does not say is left to the configuration, whose baseline lies in the workspace.
pub(crate) fn with_gates(options: &GateOptions, config: &Config, root: &Utf8Path) -> GateOptions {
    GateOptions {
        fail_under: options.fail_under.or(config.fail_under),
        fail_new: options.fail_new || config.fail_new,
        // It is there for --fail-new: a baseline of the configuration alone asks for nothing.
        baseline: options.baseline.clone().or_else(|| {
            let named = config.baseline.as_ref().filter(|_| options.fail_new || config.fail_new);
            named.map(|path| root.join(path))
        }),
    }
}

/// What is built: features of the configuration hold where the command line names none, and no archive that has its own.
pub(crate) fn with_features(options: &CargoOptions, config: &Config) -> CargoOptions {
    let mut options = options.clone();
    let named = !options.features.is_empty() || options.all_features || options.no_default_features;
    if !named && options.archive_file.is_none() {
        options.features.clone_from(&config.features);
        options.all_features = config.all_features;
        options.no_default_features = config.no_default_features;
    }
    options
}

/// By default every verdict that is not good but two, which are told and are findings only where somebody says so: code that
/// calls what cannot report a failure aborts, and of a test that differs from run to run a chain is not met again.
///
/// # Errors
/// Names a verdict that is both allowed and denied.
pub(crate) fn findings(options: &VerdictOptions, config: &Config) -> Result<Vec<Verdict>, Trouble> {
    if let Some(verdict) = options.deny.iter().find(|verdict| options.allow.contains(verdict)) {
        return Err(Trouble::usage(format!("`{verdict}` is both denied and allowed: leave out --deny or --allow")));
    }
    let told_only = [Verdict::Aborted, Verdict::Unreached];
    let is_finding = |verdict: &Verdict| {
        let lists = [(&options.deny, true), (&options.allow, false), (&config.deny, true), (&config.allow, false)];
        let said = lists.into_iter().find(|(list, _)| list.contains(verdict)).map(|(_, finding)| finding);
        said.unwrap_or(!verdict.is_good() && !told_only.contains(verdict))
    };
    Ok(Verdict::ALL.into_iter().filter(is_finding).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_verdicts_the_command_line_has_the_last_word() {
        let config = Config {
            allow: vec![Verdict::Aborted, Verdict::Leaked],
            deny: vec![Verdict::Absorbed],
            ..Default::default()
        };
        let options = VerdictOptions { deny: vec![Verdict::Aborted], ..Default::default() };
        let found = findings(&options, &config).unwrap();
        let has = |verdict| found.contains(&verdict);
        assert!(has(Verdict::Aborted) && !has(Verdict::Leaked) && has(Verdict::Absorbed) && has(Verdict::Hung));
        assert!(!has(Verdict::Recovered));
        let by_default = findings(&VerdictOptions::default(), &Config::default()).unwrap();
        let told_only: Vec<Verdict> =
            Verdict::ALL.into_iter().filter(|verdict| !verdict.is_good() && !by_default.contains(verdict)).collect();
        assert_eq!(told_only, [Verdict::Aborted, Verdict::Unreached]);
        let both = VerdictOptions { deny: vec![Verdict::Hung], allow: vec![Verdict::Hung] };
        assert!(findings(&both, &config).unwrap_err().message.contains("`hung`"));
    }

    #[test]
    fn features_of_the_command_line_replace_the_configurations() {
        let config = Config { features: vec!["a".to_owned()], no_default_features: true, ..Default::default() };
        let features = |options: CargoOptions| {
            let merged = with_features(&options, &config);
            (merged.features, merged.no_default_features)
        };
        assert_eq!(features(CargoOptions::default()), (vec!["a".to_owned()], true));
        let named = CargoOptions { features: vec!["b".to_owned()], ..Default::default() };
        assert_eq!(features(named), (vec!["b".to_owned()], false));
    }
}
