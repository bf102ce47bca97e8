//! Which explorer a sweep gets, and why.

use std::sync::Arc;

use super::base::{self, Ended};
use super::coverage;
use super::director::Director;
use super::forks::{perform, role_of};
use super::fresh::{Fresh, Orders, ROLE};
use super::launch::Job;
use super::prepare;
use super::process::Process;
use super::run::Body;
use super::session::Session;
use super::unix::{self, Capture};
use crate::chain::walker::Walker;
use crate::earlier;
use crate::explorer::Explorer;
use crate::memory::campaign::Campaign;
use crate::memory::record::stage;
use crate::report::Report;
use crate::settings::Settings;
use crate::trouble::Trouble;

/// How many threads a process has that runs one test and nothing else: the runner's and the test's, or one that
/// is both.
fn threads_alone() -> usize {
    if unix::thread_id() == std::process::id() { 1 } else { 2 }
}

/// Does the sweep, in the way that was asked for or that fits.
pub(crate) fn explore(settings: &Settings, body: &Body<'_>) -> Report {
    if let Ok(word) = std::env::var(ROLE) {
        return match Orders::from_word(&word) {
            Some(orders) => follow(&orders, settings, body),
            None => Report::troubled(settings, Trouble::BadOption(bad_role(&word))),
        };
    }
    linked();
    match swept(settings, body) {
        Ok(report) => report,
        Err(trouble) => Report::troubled(settings, trouble),
    }
}

fn swept(settings: &Settings, body: &Body<'_>) -> Result<Report, Trouble> {
    let campaign = prepare::campaign(settings, coverage::count())?;
    let campaign = Arc::new(campaign);
    let mut notes = Vec::new();
    let explorer = settings.explorer.unwrap_or(Explorer::Worker);
    match explorer {
        Explorer::Worker | Explorer::Snapshot => {
            if let Some(why) = by_workers(settings, body, &campaign, &mut notes)? {
                by_processes(settings, &campaign, &why)?;
            }
        }
        Explorer::Process => {
            by_processes(settings, &campaign, "as asked for")?;
        }
        Explorer::Inline => {
            super::inline::explore(settings, body, &campaign);
        }
    }
    coverage::take_over(&campaign);
    Ok(Report::of(settings, &campaign, notes))
}

/// Explores with workers; gives the reason back if the test turns out to need processes of its own.
fn by_workers(
    settings: &Settings,
    body: &Body<'_>,
    campaign: &Arc<Campaign>,
    notes: &mut Vec<String>,
) -> Result<Option<String>, Trouble> {
    let threads = unix::threads();
    let alone = threads.is_some_and(|threads| threads <= threads_alone());
    if threads.is_none() {
        notes.push(
            "/proc is not mounted: descriptors and threads are not counted, and workers are forked here".to_owned(),
        );
    }
    if let (false, true, Some(fresh)) = (alone, threads.is_some(), fresh(settings, campaign)) {
        match base::fresh(&fresh, campaign)? {
            Ended::Finished => {
                let header = campaign.header();
                let number = header.trouble.load(std::sync::atomic::Ordering::Acquire);
                let owns_threads = match Trouble::from_record(number, campaign.text(header.trouble_text())) {
                    Some(Trouble::OwnsThreads(how)) => Some(how),
                    _ => None,
                };
                if owns_threads.is_some() {
                    header.begin_again();
                }
                return Ok(owns_threads);
            }
            Ended::NotAttached(printed) => {
                let last = printed.trim_end().lines().last().unwrap_or_default().to_owned();
                notes.push(format!(
                    "a fresh process did not come as far as the sweep ({last}): workers are forked beside the threads of \
                     other tests, whose locks they may find held"
                ));
            }
        }
    }
    if !alone && threads.is_some() && settings.name.is_none() {
        notes.push(
            "the name of the test is not known: workers are forked beside the threads of other tests, whose locks they may \
             find held (give it with `Sweep::name`)"
                .to_owned(),
        );
    }
    campaign.header().doubtful.store(u32::from(!alone), std::sync::atomic::Ordering::Relaxed);
    match base::forked(settings, body, campaign)? {
        Ended::Finished => Ok(None),
        Ended::NotAttached(_) => {
            Err(Trouble::Lost("the process that was forked to explore from ended at once".to_owned()))
        }
    }
}

fn by_processes(settings: &Settings, campaign: &Arc<Campaign>, why: &str) -> Result<(), Trouble> {
    let Some(fresh) = fresh(settings, campaign) else {
        let why = match settings.name {
            None => "the name of the test is not known\n  help: give it with `Sweep::name`, or use another explorer",
            Some(_) => {
                "this program's file is not known (/proc/self/exe cannot be read)\n  help: mount /proc, or use another \
                 explorer"
            }
        };
        return Err(Trouble::Refused(format!("a fresh process cannot be started: {why}")));
    };
    let session = Session { why, ..Session::new(settings, campaign, Walker::checked()) };
    Director::new(session, &fresh).direct();
    Ok(())
}

/// How fresh processes of this test are started, if its name is known.
fn fresh(settings: &Settings, campaign: &Campaign) -> Option<Fresh> {
    Some(Fresh {
        program: std::env::current_exe().ok()?,
        test: settings.name.clone()?,
        ordinal: settings.ordinal,
        line: settings.line,
        campaign: campaign.path(),
    })
}

fn bad_role(word: &str) -> String {
    format!(
        "{ROLE}={}: it is for processes that a sweep starts, and they are told otherwise\n  help: unset it",
        word.escape_debug()
    )
}

/// Does what this fresh process was started for, when it has come to the sweep that is meant.
fn follow(orders: &Orders, settings: &Settings, body: &Body<'_>) -> Report {
    if (orders.ordinal, orders.line) != (settings.ordinal, settings.line) {
        // In the user's process the body of a sweep has run only if that was inline: the test arrives here in the
        // state that it had there.
        if settings.explorer == Some(Explorer::Inline) {
            body(&|| ());
        }
        return Report::passed_over(settings, earlier::of(settings.ordinal));
    }
    unix::die_with_parent(orders.parent);
    let campaign = match base::open(&orders.campaign) {
        Ok(campaign) => Arc::new(campaign),
        Err(trouble) => {
            eprintln!("{trouble}");
            unix::exit_now(1);
        }
    };
    linked();
    let Some(job) = orders.job else {
        let alone = threads_alone();
        let threads = unix::threads().unwrap_or(alone);
        if threads > alone {
            let trouble = Trouble::OwnsThreads(format!(
                "the test owns {}, which a fork would not carry",
                match threads - alone {
                    1 => "1 thread".to_owned(),
                    owned => format!("{owned} threads"),
                }
            ));
            let (number, text) = trouble.to_record();
            campaign.header().set_trouble(number, campaign.add_text(text.as_bytes()));
            campaign.header().stage.store(stage::FINISHED, std::sync::atomic::Ordering::Release);
            unix::exit_now(0);
        }
        base::be_base(settings, body, &campaign);
    };
    let session = Session::new(settings, &campaign, Walker::checked());
    let capture = Capture::of_standard_error();
    let job = if job == Job::Record { Job::Record } else { Job::One };
    perform(&Process::child(session, body, orders.slot, role_of(job), capture.as_ref()), job)
}

/// Makes sure that what stands before the C library is part of the program.
fn linked() {
    assert!(crate::scope::spawn::is_linked() && super::child::is_linked(), "the runtime's hooks are not linked");
}
