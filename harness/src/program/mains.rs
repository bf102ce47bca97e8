//! Forks of a program that stands before its `main`: each runs it once, with or without a failure.
#![expect(unsafe_code, reason = "runs the program's own main")]

use std::ffi::{c_char, c_int};
use std::io;
use std::sync::atomic::Ordering::{Relaxed, Release};

use super::ending;
use crate::explore::attempt::targets;
use crate::explore::canary;
use crate::explore::child::{self, become_child};
use crate::explore::forks::role_of;
use crate::explore::launch::{Job, Launch, Launched};
use crate::explore::session::Session;
use crate::explore::unix::{self, Capture, Child, Inherited};
use crate::explore::work::claim;
use crate::memory::record::finished;
use crate::scope::shared::phase;
use crate::scope::thread::{Origin, kernel_id};

/// The program's `main`, with what it is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Main {
    pub(crate) function: unsafe extern "C-unwind" fn(c_int, *mut *mut c_char, *mut *mut c_char) -> c_int,
    pub(crate) count: c_int,
    pub(crate) arguments: *mut *mut c_char,
    pub(crate) environment: *mut *mut c_char,
}

/// Forks this process, which has not begun its `main`.
pub(crate) struct Mains<'a> {
    pub(crate) session: Session<'a>,
    pub(crate) main: Main,
}

impl Launch for Mains<'_> {
    fn launch(&self, slot: usize, job: Job) -> io::Result<Launched> {
        let capture = Capture::create()?;
        let parent = std::process::id();
        let Some(pid) = unix::fork()? else {
            unix::die_with_parent(parent);
            capture.become_standard_streams();
            run(self.session, self.main, slot, job, false, Some(capture));
        };
        Ok(Launched { child: Child::watch(pid)?, capture })
    }

    fn work(&self) -> Job {
        Job::One
    }
}

/// Runs the program's `main` for a job, and ends as it ends; under a debugger also where a sweep has seen enough.
pub(crate) fn run(
    session: Session<'_>,
    main: Main,
    slot: usize,
    job: Job,
    debugged: bool,
    capture: Option<Capture>,
) -> ! {
    let campaign = session.campaign;
    let scope = session.scope(slot, role_of(job));
    become_child(&scope);
    if debugged {
        // What ends children early would end what is to be looked at.
        child::leave();
    }
    let _ = Inherited::reopen(capture.as_ref());
    if !canary::sings(&scope) || campaign.header().allocations_pass.load(Relaxed) != 0 {
        scope.slot().finished.store(finished::CANARY_FAILED, Release);
        unix::exit_now(0);
    }
    let target = match job {
        Job::Record => None,
        _ => match claim(campaign, slot, false) {
            Some(claimed) => Some(claimed.number),
            None => unix::exit_now(0),
        },
    };
    if let Some(number) = target {
        let [first, second] = targets(campaign, number);
        scope.aim(first, second);
    }
    ending::expect(&scope, target, capture);
    scope.slot().thread.store(kernel_id(), Relaxed);
    scope.slot().began.store(unix::now(), Relaxed);
    scope.enter(Origin::SWEEP, || {
        scope.set_phase(phase::WALK);
        // SAFETY: what the C library would have called, with what it would have given.
        let status = unsafe { (main.function)(main.count, main.arguments, main.environment) };
        // SAFETY: what the C library does with what `main` returns.
        unsafe { libc::exit(status) }
    })
}
