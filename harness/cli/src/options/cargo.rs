//! What is built, as Cargo's own commands name it; it is handed on to Cargo.

use camino::{Utf8PathBuf, absolute_utf8};
use clap::{Args, ValueEnum};

/// Cargo's own options, in its words.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct CargoOptions {
    /// Package to sweep; may be given several times.
    #[arg(short, long, value_name = "SPEC", help_heading = "Packages")]
    pub(crate) package: Vec<String>,
    /// All packages of the workspace.
    #[arg(long, help_heading = "Packages")]
    pub(crate) workspace: bool,
    /// Package to leave out; needs --workspace.
    #[arg(long, value_name = "SPEC", requires = "workspace", help_heading = "Packages")]
    pub(crate) exclude: Vec<String>,
    /// Only the library's unit tests.
    #[arg(long, help_heading = "Targets")]
    pub(crate) lib: bool,
    /// Unit tests of all programs.
    #[arg(long, help_heading = "Targets")]
    pub(crate) bins: bool,
    /// Unit tests of this program.
    #[arg(long, value_name = "NAME", help_heading = "Targets")]
    pub(crate) bin: Vec<String>,
    /// This integration test.
    #[arg(long, value_name = "NAME", help_heading = "Targets")]
    pub(crate) test: Vec<String>,
    /// All targets that are tests by default.
    #[arg(long, help_heading = "Targets")]
    pub(crate) tests: bool,
    /// Tests of this example.
    #[arg(long, value_name = "NAME", help_heading = "Targets")]
    pub(crate) example: Vec<String>,
    /// Tests of all examples.
    #[arg(long, help_heading = "Targets")]
    pub(crate) examples: bool,
    /// This benchmark, run once as a test.
    #[arg(long, value_name = "NAME", help_heading = "Targets")]
    pub(crate) bench: Vec<String>,
    /// All benchmarks, run once as tests.
    #[arg(long, help_heading = "Targets")]
    pub(crate) benches: bool,
    /// All targets.
    #[arg(long, help_heading = "Targets")]
    pub(crate) all_targets: bool,
    /// Features to switch on, separated by commas or spaces.
    #[arg(short = 'F', long, value_name = "FEATURES", help_heading = "Features")]
    pub(crate) features: Vec<String>,
    /// All features.
    #[arg(long, help_heading = "Features")]
    pub(crate) all_features: bool,
    /// Not the default features.
    #[arg(long, help_heading = "Features")]
    pub(crate) no_default_features: bool,
    /// Build with optimisations.
    #[arg(short, long, conflicts_with = "profile", help_heading = "Build")]
    pub(crate) release: bool,
    /// Build with this profile.
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new(), help_heading = "Build")]
    pub(crate) profile: Option<String>,
    /// Who builds and lists the tests.
    #[arg(long, value_enum, default_value_t, value_name = "TOOL", help_heading = "Build")]
    pub(crate) test_tool: TestTool,
    /// Build nothing, and take the test binaries from what `cargo firsthit archive` has made. The workspace must lie in a folder
    /// of the same path as where that was.
    #[arg(long, value_name = "FILE", conflicts_with_all = BUILT, help_heading = "Build")]
    pub(crate) archive_file: Option<Utf8PathBuf>,
    #[command(flatten)]
    pub(crate) manifest: ManifestOptions,
}

/// What says what an archive has, or would have if it were not made.
const BUILT: [&str; 19] = [
    "package",
    "workspace",
    "exclude",
    "lib",
    "bins",
    "bin",
    "test",
    "tests",
    "example",
    "examples",
    "bench",
    "benches",
    "all_targets",
    "features",
    "all_features",
    "no_default_features",
    "release",
    "profile",
    "test_tool",
];

/// Where the project lies, and whether the network may be asked.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Manifest")]
pub(crate) struct ManifestOptions {
    /// Path of the Cargo.toml to work on.
    #[arg(long, value_name = "PATH")]
    pub(crate) manifest_path: Option<Utf8PathBuf>,
    /// Cargo.lock must stay as it is.
    #[arg(long)]
    pub(crate) locked: bool,
    /// Without the network.
    #[arg(long)]
    pub(crate) offline: bool,
    /// --locked and --offline.
    #[arg(long)]
    pub(crate) frozen: bool,
}

impl ManifestOptions {
    /// The same for Cargo, its `metadata` among it.
    pub(crate) fn flags(&self) -> Vec<String> {
        let flags = [("--locked", self.locked), ("--offline", self.offline), ("--frozen", self.frozen)];
        flags.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag.to_owned()).collect()
    }
}

/// Who builds and lists the tests.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum TestTool {
    /// `cargo test`.
    #[default]
    Cargo,
    /// `cargo nextest`, which must be installed.
    Nextest,
}

impl CargoOptions {
    /// Whether every test of the workspace is built, with the features that it has by itself.
    pub(crate) fn builds_all(&self) -> bool {
        let targets = [&self.bin, &self.test, &self.example, &self.bench];
        let kinds = [self.lib, self.bins, self.tests, self.examples, self.benches];
        let some = targets.iter().any(|named| !named.is_empty()) || kinds.contains(&true);
        let packages = self.package.is_empty() && self.exclude.is_empty() && self.archive_file.is_none();
        let features = self.features.is_empty() && !self.no_default_features;
        packages && features && (self.all_targets || !some)
    }

    /// The profile that Cargo builds tests with.
    pub(crate) fn profile_name(&self) -> &str {
        match &self.profile {
            Some(name) => name,
            None if self.release => "release",
            None => "test",
        }
    }

    /// The folder that Cargo builds this profile in.
    pub(crate) fn profile_folder(&self) -> &str {
        match self.profile_name() {
            "dev" | "test" => "debug",
            "bench" => "release",
            name => name,
        }
    }

    /// The same in this tool's own words, all but where the project lies.
    pub(crate) fn words(&self) -> Vec<String> {
        let plain = CargoOptions { test_tool: TestTool::Cargo, manifest: ManifestOptions::default(), ..self.clone() };
        let mut words = plain.flags();
        if let Some(file) = &self.archive_file {
            // Somebody may ask for the same from another folder.
            let file = absolute_utf8(file).unwrap_or_else(|_| file.clone());
            words.extend(["--archive-file".to_owned(), file.into_string()]);
        } else if self.test_tool == TestTool::Nextest {
            words.extend(["--test-tool", "nextest"].map(str::to_owned));
        }
        words
    }

    /// The same for Cargo, all but who is asked and where it builds.
    pub(crate) fn flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        let mut values = |flag: &str, values: &[String]| {
            flags.extend(values.iter().flat_map(|value| [flag.to_owned(), value.clone()]));
        };
        values("--package", &self.package);
        values("--exclude", &self.exclude);
        values("--bin", &self.bin);
        values("--test", &self.test);
        values("--example", &self.example);
        values("--bench", &self.bench);
        values("--features", &self.features);
        if let Some(profile) = &self.profile {
            let flag = if self.test_tool == TestTool::Nextest { "--cargo-profile" } else { "--profile" };
            values(flag, std::slice::from_ref(profile));
        }
        if let Some(path) = &self.manifest.manifest_path {
            values("--manifest-path", &[path.to_string()]);
        }
        let switches = [
            ("--workspace", self.workspace),
            ("--lib", self.lib),
            ("--bins", self.bins),
            ("--tests", self.tests),
            ("--examples", self.examples),
            ("--benches", self.benches),
            ("--all-targets", self.all_targets),
            ("--all-features", self.all_features),
            ("--no-default-features", self.no_default_features),
            ("--release", self.release),
        ];
        flags.extend(switches.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag.to_owned()));
        flags.extend(self.manifest.flags());
        flags
    }
}
