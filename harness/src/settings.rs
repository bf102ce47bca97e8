//! What a sweep was asked to do, with the environment's word above the code's.

use std::time::Duration;

use crate::explorer::Explorer;
use crate::mode::Mode;
use crate::token::Token;
use crate::verdict::Verdict;

/// A check that must hold after every injection.
pub(crate) struct Invariant {
    pub(crate) name: String,
    pub(crate) holds: Box<dyn Fn() -> bool>,
}

/// Findings that are known and accepted.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    pub(crate) pattern: String,
    pub(crate) reason: String,
}

/// What a sweep was asked to do.
pub(crate) struct Settings {
    /// The name of the test, as `--exact` takes it.
    pub(crate) name: Option<String>,
    /// The type name of the body: its path in the source.
    pub(crate) body: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    /// Which sweep of its test this is, from 0.
    pub(crate) ordinal: u32,
    pub(crate) explorer: Option<Explorer>,
    pub(crate) mode: Mode,
    pub(crate) depth: u32,
    /// At depth 2: how many pairs of chains fail at the most.
    pub(crate) pairs_max: usize,
    pub(crate) workers: usize,
    pub(crate) chains_max: usize,
    /// The longest time one run may take; `None` derives it from the baseline.
    pub(crate) time_limit: Option<Duration>,
    pub(crate) allowed: Vec<Allowed>,
    pub(crate) denied: Vec<Verdict>,
    pub(crate) invariants: Vec<Invariant>,
    pub(crate) replay: Option<Token>,
}

/// At depth 2: how many pairs of chains fail where nothing else is said.
pub(crate) const PAIRS_MAX: usize = 10_000;
/// The longest time a run without a failure may take, where no limit is given.
pub(crate) const BASELINE_LIMIT: Duration = Duration::from_secs(60);
/// The shortest limit that is derived from a baseline.
const LIMIT_MIN: Duration = Duration::from_secs(2);
/// How many times longer than the slowest baseline run an attempt may take.
const LIMIT_FACTOR: u32 = 20;

impl Settings {
    /// Those of a program that knows nothing of it, with room for `chains_max` chains.
    #[cfg(feature = "preload")]
    pub(crate) fn of_a_program(chains_max: usize) -> Settings {
        Settings {
            name: None,
            body: "",
            file: "",
            line: 0,
            ordinal: 0,
            explorer: None,
            mode: Mode::Once,
            depth: 1,
            pairs_max: usize::MAX,
            workers: 1,
            chains_max,
            time_limit: None,
            allowed: Vec::new(),
            denied: Vec::new(),
            invariants: Vec::new(),
            replay: None,
        }
    }

    /// How long a run may take, given the slowest baseline run.
    pub(crate) fn limit(&self, baseline: Duration) -> Duration {
        self.time_limit.unwrap_or_else(|| (baseline * LIMIT_FACTOR).max(LIMIT_MIN))
    }

    /// How long a run without a failure may take.
    pub(crate) fn baseline_limit(&self) -> Duration {
        self.time_limit.map_or(BASELINE_LIMIT, |limit| limit.max(BASELINE_LIMIT))
    }

    /// Lets the environment overrule what the code says.
    ///
    /// # Errors
    /// Names the variable, its value and the values it takes.
    pub(crate) fn overrule(&mut self, variable: impl Fn(&str) -> Option<String>) -> Result<(), String> {
        fn parsed<T>(
            name: &str,
            value: Option<String>,
            parse: impl Fn(&str) -> Result<T, String>,
        ) -> Result<Option<T>, String> {
            let Some(value) = value else { return Ok(None) };
            parse(&value).map(Some).map_err(|error| format!("{name}={}: {error}", value.escape_debug()))
        }
        let number = |least: u64, most: u64| {
            move |text: &str| match text.parse::<u64>() {
                Ok(number) if (least..=most).contains(&number) => Ok(number),
                _ => Err(format!("it takes a whole number from {least} to {most}")),
            }
        };
        let ask = |name: &'static str| (name, variable(name));
        let (name, value) = ask("FIRSTHIT_EXPLORER");
        if let Some(explorer) = parsed(name, value, |text| text.parse::<Explorer>().map_err(|e| e.to_string()))? {
            self.explorer = Some(explorer);
        }
        let (name, value) = ask("FIRSTHIT_MODE");
        if let Some(mode) = parsed(name, value, |text| text.parse::<Mode>().map_err(|e| e.to_string()))? {
            self.mode = mode;
        }
        let (name, value) = ask("FIRSTHIT_DEPTH");
        if let Some(depth) = parsed(name, value, number(1, 2))? {
            self.depth = depth as u32;
        }
        let (name, value) = ask("FIRSTHIT_PAIRS_MAX");
        if let Some(pairs) = parsed(name, value, number(0, 16_777_216))? {
            self.pairs_max = pairs as usize;
        }
        let (name, value) = ask("FIRSTHIT_WORKERS");
        if let Some(workers) = parsed(name, value, number(1, 64))? {
            self.workers = workers as usize;
        }
        let (name, value) = ask("FIRSTHIT_TIMEOUT_MS");
        if let Some(millis) = parsed(name, value, number(1, 86_400_000))? {
            self.time_limit = Some(Duration::from_millis(millis));
        }
        let (name, value) = ask("FIRSTHIT_REPLAY");
        if let Some(token) = parsed(name, value, |text| text.parse::<Token>().map_err(|e| e.to_string()))? {
            self.replay = Some(token);
        }
        Ok(())
    }
}
