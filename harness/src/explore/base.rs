//! The base: a process of our own that forks the workers, beside the user's, which only waits for it.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::time::Duration;

use super::child::note_panics;
use super::director::Director;
use super::forks::Forks;
use super::fresh::Fresh;
use super::launch::Launched;
use super::run::Body;
use super::session::Session;
use super::snapshot;
use super::unix::{self, Capture, Child, Death};
use crate::annotation::registry;
use crate::chain::walker::Walker;
use crate::memory::campaign::Campaign;
use crate::memory::record::stage;
use crate::settings::{BASELINE_LIMIT, Settings};
use crate::trouble::Trouble;

/// How often a base that dies is replaced.
const BASES_MAX: u32 = 3;
/// How often a process may be forked that does not come to its beginning, because another thread panicked as it was made.
const STUCK_MAX: u32 = 10;
/// How long a fork may take to its beginning, which is some calls away.
const ATTACH_LIMIT: Duration = Duration::from_secs(2);

/// A base that has ended, or could not be had.
pub(crate) enum Ended {
    /// The campaign is finished.
    Finished,
    /// It did not get as far as the sweep; what it printed.
    NotAttached(String),
}

/// Lets a fresh process of this program be the base; it stands alone there, whatever other tests run here.
///
/// # Errors
/// When no process can be had, or one after the other dies.
pub(crate) fn fresh(fresh: &Fresh, campaign: &Campaign) -> Result<Ended, Trouble> {
    supervise(campaign, BASELINE_LIMIT, || fresh.start(0, None))
}

/// Lets a fork of this process be the base.
///
/// # Errors
/// As [`fresh`].
pub(crate) fn forked(settings: &Settings, body: &Body<'_>, campaign: &Arc<Campaign>) -> Result<Ended, Trouble> {
    supervise(campaign, ATTACH_LIMIT, || {
        let capture = Capture::create()?;
        if settings.replay.is_some() {
            // The child of a replay prints where this process does: it must not print this one's buffer again.
            let _ = std::io::stdout().flush();
        }
        let parent = std::process::id();
        let Some(pid) = unix::fork()? else {
            unix::die_with_parent(parent);
            be_base(settings, body, campaign);
        };
        Ok(Launched { child: Child::watch(pid)?, capture })
    })
}

/// Directs the campaign with forks of this process, and ends it.
pub(crate) fn be_base(settings: &Settings, body: &Body<'_>, campaign: &Arc<Campaign>) -> ! {
    campaign.header().epoch.fetch_add(1, Relaxed);
    note_panics(settings.file);
    campaign.header().stage.fetch_max(stage::ATTACHED, Relaxed);
    let session =
        Session { shares_raw: true, met: snapshot::split, ..Session::new(settings, campaign, Walker::checked()) };
    Director::new(session, &Forks { session, body }).direct();
    unix::exit_now(0)
}

fn supervise(
    campaign: &Campaign,
    attach_limit: Duration,
    start: impl Fn() -> std::io::Result<Launched>,
) -> Result<Ended, Trouble> {
    let header = campaign.header();
    let (mut died, mut stuck) = (0, 0);
    while died < BASES_MAX && stuck < STUCK_MAX {
        let mut is_stuck = false;
        let base = start().map_err(|error| {
            Trouble::Refused(format!(
                "a process to explore from was refused: {error}\n  help: raise the limit of processes (`ulimit -u`) or of \
                 open files (`ulimit -n`), or set FIRSTHIT_EXPLORER=inline"
            ))
        })?;
        let begun = unix::now();
        while unix::wait_for_deaths(&[&base.child], Duration::from_secs(1)).is_empty() {
            let waited = Duration::from_nanos(unix::now() - begun);
            if header.stage.load(Acquire) < stage::ATTACHED && waited > attach_limit {
                base.child.kill();
                is_stuck = true;
            }
        }
        let death = base.child.reap();
        match header.stage.load(Acquire) {
            stage::FINISHED => return Ok(Ended::Finished),
            // Killed on the way, by something else or for its slowness: the next one is not to be blamed.
            0 if death != Death::Signalled(libc::SIGKILL) => {
                let printed = String::from_utf8_lossy(&base.capture.tail(unix::OUTPUT_KEPT)).into_owned();
                return Ok(Ended::NotAttached(printed));
            }
            _ => {}
        }
        (died, stuck) = if is_stuck { (died, stuck + 1) } else { (died + 1, stuck) };
    }
    if stuck == STUCK_MAX {
        return Err(Trouble::Lost(format!(
            "{STUCK_MAX} processes to explore from did not come to their beginning\n  help: see whether another thread of the \
             test program panics all the time, or never returns from its panic hook"
        )));
    }
    Err(Trouble::Lost(format!(
        "the process that the sweep explores from died {BASES_MAX} times\n  help: see whether something kills it (the \
         kernel's log tells of memory that ran out)"
    )))
}

/// The campaign that a fresh process was told of.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn open(path: &str) -> Result<Campaign, Trouble> {
    registry::declared();
    Campaign::open(Path::new(path)).map_err(|error| {
        Trouble::Refused(format!("the campaign at {path} cannot be opened: {error}\n  help: /proc must be mounted"))
    })
}
