//! The sweep: what a test asks for, and what it gets back.

use std::cell::Cell;
use std::panic::Location;
use std::time::Duration;

use crate::earlier::{self, Earlier};
use crate::explore::choose;
use crate::explore::run::Observed;
use crate::explorer::Explorer;
use crate::mode::Mode;
use crate::outcome::{Description, Outcome};
use crate::report::Report;
use crate::settings::{Allowed, Invariant, PAIRS_MAX, Settings};
use crate::trouble::Trouble;
use crate::verdict::Verdict;

/// How many chains a sweep has room for, where nothing else is said.
const CHAINS_MAX: usize = if cfg!(firsthit_portable) { 1 << 13 } else { 1 << 17 };
/// The most that a sweep can have room for: records number their chains in 32 bits, and each takes about 1 KiB of addresses.
const CHAINS_LIMIT: usize = 1 << 24;

thread_local! {
    /// How many sweeps this thread has begun.
    static SWEEPS: Cell<u32> = const { Cell::new(0) };
}

/// Fails every call chain of `body` that allocates or meets a fail point, once, and panics with a report if one of them
/// ends badly.
///
/// The same as `Sweep::new().check(body)`.
///
/// ```no_run
/// #[global_allocator]
/// static ALLOC: firsthit::Alloc = firsthit::Alloc::system();
///
/// fn numbers(count: usize) -> Result<Vec<usize>, std::collections::TryReserveError> {
///     let mut numbers = Vec::new();
///     numbers.try_reserve(count)?;
///     numbers.extend(0..count);
///     Ok(numbers)
/// }
///
/// # fn main() {
/// firsthit::sweep(|| numbers(100));
/// # }
/// ```
///
/// # Panics
/// With the report, if a failure ended in anything but a recovery, or if nothing could be injected.
#[track_caller]
pub fn sweep<R: Outcome>(body: impl Fn() -> R) {
    Sweep::new().check(body);
}

/// Whether an outcome is an error that an injected failure may surface as.
type Expected<R> = Box<dyn Fn(&R) -> bool>;

/// A sweep, and how it is to be done.
///
/// Each of these can be overruled from outside: `FIRSTHIT_EXPLORER`, `FIRSTHIT_MODE`, `FIRSTHIT_DEPTH`,
/// `FIRSTHIT_PAIRS_MAX`, `FIRSTHIT_WORKERS`, `FIRSTHIT_TIMEOUT_MS`, `FIRSTHIT_REPLAY`.
#[must_use = "a sweep does nothing until it is run or checked"]
pub struct Sweep<R> {
    settings: Settings,
    expected: Option<Expected<R>>,
}

impl<R> Default for Sweep<R> {
    #[track_caller]
    fn default() -> Sweep<R> {
        Sweep::new()
    }
}

impl<R> Sweep<R> {
    /// A sweep of depth 1, mode `once`, with the explorer that fits and as many workers as there are processors.
    #[track_caller]
    pub fn new() -> Sweep<R> {
        let caller = Location::caller();
        let settings = Settings {
            name: None,
            body: "",
            file: caller.file(),
            line: caller.line(),
            ordinal: 0,
            explorer: None,
            mode: Mode::Once,
            depth: 1,
            pairs_max: PAIRS_MAX,
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            chains_max: CHAINS_MAX,
            time_limit: None,
            allowed: Vec::new(),
            denied: Vec::new(),
            invariants: Vec::new(),
            replay: None,
        };
        Sweep { settings, expected: None }
    }

    /// The name of the test, as `--exact` takes it, for processes that run it anew.
    ///
    /// By default the name of the thread, which the test runner sets; on the main thread, what stands behind
    /// `--exact` on the command line.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = Some(name.into());
        self
    }

    /// Isolates the injections in this way, and no other.
    pub fn explorer(mut self, explorer: Explorer) -> Self {
        self.settings.explorer = Some(explorer);
        self
    }

    /// What happens to the allocations and fail points behind the failed one.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.settings.mode = mode;
        self
    }

    /// 1: one failure in a run. 2: also a second one, at every chain that only recovery code meets: once behind each first failure
    /// that leads to it.
    ///
    /// # Panics
    /// If it is neither.
    pub fn depth(mut self, depth: u32) -> Self {
        assert!((1..=2).contains(&depth), "depth is 1 or 2, not {depth}");
        self.settings.depth = depth;
        self
    }

    /// At depth 2: how many pairs of a first failure and one behind it are tried at the most, by default 10,000. The report says how
    /// many were left.
    pub fn pairs_max(mut self, pairs: usize) -> Self {
        self.settings.pairs_max = pairs;
        self
    }

    /// How many processes explore at a time, 1 to 64.
    pub fn workers(mut self, workers: usize) -> Self {
        self.settings.workers = workers.clamp(1, 64);
        self
    }

    /// How long one run may take; by default 20 times the slowest run without a failure, and at least 2 s.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.settings.time_limit = Some(limit);
        self
    }

    /// For how many call chains there is room, by default 131,072 (8,192 where there is no fork), at most 16,777,216; less than 1,024 is 1,024, and
    /// between them it is rounded up to a power of two. A sweep that meets more says so and fails.
    pub fn chains_max(mut self, chains: usize) -> Self {
        self.settings.chains_max = chains.clamp(1, CHAINS_LIMIT);
        self
    }

    /// Accepts findings whose call chain contains a function whose path contains `pattern`, for a reason.
    ///
    /// They are counted as allowed; a pattern that nothing matches any more is reported.
    pub fn allow(mut self, pattern: impl Into<String>, reason: impl Into<String>) -> Self {
        self.settings.allowed.push(Allowed { pattern: pattern.into(), reason: reason.into() });
        self
    }

    /// Lets a verdict fail the test that by default only counts: [`Verdict::Aborted`].
    pub fn deny(mut self, verdict: Verdict) -> Self {
        self.settings.denied.push(verdict);
        self
    }

    /// A check that must hold after every injection, beside those that the body makes with
    /// [`invariant`](crate::invariant).
    pub fn invariant(mut self, name: impl Into<String>, holds: impl Fn() -> bool + 'static) -> Self {
        self.settings.invariants.push(Invariant { name: name.into(), holds: Box::new(holds) });
        self
    }

    /// The errors that an injected failure may surface as; another one is a swallowed failure.
    pub fn expect(mut self, expected: impl Fn(&R) -> bool + 'static) -> Self {
        self.expected = Some(Box::new(expected));
        self
    }

    /// Sweeps, and panics with the report unless it is clean.
    ///
    /// # Panics
    /// As [`sweep`].
    #[track_caller]
    pub fn check(self, body: impl Fn() -> R)
    where
        R: Outcome,
    {
        let report = self.run(body);
        if !report.is_clean() {
            panic!("{report}");
        }
        println!("{report}");
    }

    /// Sweeps, and gives the report back.
    pub fn run(mut self, body: impl Fn() -> R) -> Report
    where
        R: Outcome,
    {
        self.settings.body = std::any::type_name_of_val(&body);
        self.settings.ordinal = SWEEPS.replace(SWEEPS.get() + 1);
        if self.settings.name.is_none() {
            let arguments = std::env::args_os().filter_map(|argument| argument.into_string().ok());
            self.settings.name = running_test(std::thread::current().name(), arguments);
        }
        let overruled = self.settings.overrule(|name| match std::env::var_os(name) {
            Some(value) if !value.is_empty() => Some(value.to_string_lossy().into_owned()),
            _ => None,
        });
        let expected = self.expected;
        let erased = move |returned: &dyn Fn()| {
            let outcome = body();
            returned();
            let error = outcome.is_error();
            Observed {
                error,
                expected: !error || expected.as_ref().is_none_or(|expected| expected(&outcome)),
                description: Description::of(&outcome),
            }
        };
        let report = match overruled {
            Err(option) => Report::troubled(&self.settings, Trouble::BadOption(option)),
            Ok(()) => choose::explore(&self.settings, &erased),
        };
        earlier::note(&Earlier { clean: report.is_clean(), verdicts: report.verdicts().to_vec() });
        report
    }
}

/// The name of the test that runs here: the thread's, or on the main thread the one behind `--exact`.
fn running_test(thread: Option<&str>, mut arguments: impl Iterator<Item = String>) -> Option<String> {
    if let Some(name) = thread.filter(|name| *name != "main") {
        return Some(name.to_owned());
    }
    arguments.find(|argument| argument == "--exact")?;
    arguments.next().filter(|name| !name.starts_with('-'))
}

/// Says that something must hold; where it does not after an injected failure, the verdict is `corrupted`.
///
/// Outside of a sweep nothing happens. Unlike an assertion it neither panics nor ends the run, so
/// recovery code can call it where a panic would hide what it protects.
///
/// ```
/// let (len, items) = (2, ["a", "b"]);
/// firsthit::invariant("the length counts the items", len == items.len());
/// ```
pub fn invariant(name: &str, holds: bool) {
    if holds {
        return;
    }
    if let Some(current) = crate::scope::thread::current() {
        current.quietly(|| current.scope.broken(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_known_by_its_thread_and_on_the_main_thread_by_the_command_line() {
        let named = |thread, line: &str| running_test(thread, line.split(' ').map(str::to_owned));
        assert_eq!(named(Some("room::test"), "program --exact other").as_deref(), Some("room::test"));
        for thread in [Some("main"), None] {
            assert_eq!(named(thread, "program --exact room::test --nocapture").as_deref(), Some("room::test"));
            assert_eq!(named(thread, "program --exact --nocapture"), None);
            assert_eq!(named(thread, "program room::test"), None);
        }
    }
}
