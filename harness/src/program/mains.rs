//! Forks of a program that stands before its `main`: each runs it once, with or without a failure.
#![expect(unsafe_code, reason = "runs the program's own main")]

use std::ffi::{c_char, c_int};
use std::io;
use std::sync::atomic::Ordering::{Relaxed, Release};

use super::ending::{self, Aim};
use super::numbered;
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
            run(self.session, self.main, slot, What::Job(job), Some(capture));
        };
        Ok(Launched { child: Child::watch(pid)?, capture })
    }

    fn work(&self) -> Job {
        Job::One
    }
}

/// What a run is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    Job(Job),
    /// As [`Job::One`], under a debugger.
    Debugged,
    /// Failing the request of this number; counting them for 0.
    Number(i64),
}

/// Runs the program's `main`, and ends as it ends; under a debugger also where a sweep has seen enough.
pub(crate) fn run(session: Session<'_>, main: Main, slot: usize, what: What, capture: Option<Capture>) -> ! {
    let campaign = session.campaign;
    let job = match what {
        What::Job(job) => job,
        What::Number(0) => Job::Record,
        What::Debugged | What::Number(_) => Job::One,
    };
    let session = if matches!(what, What::Number(_)) { Session { met: numbered::met, ..session } } else { session };
    let scope = session.scope(slot, role_of(job));
    become_child(&scope);
    match what {
        // What ends children early would end what is to be looked at.
        What::Debugged => child::leave(),
        What::Number(_) => child::abort_in_earnest(),
        What::Job(_) => {}
    }
    let _ = Inherited::reopen(capture.as_ref());
    if !canary::sings(&scope) || campaign.header().allocations_pass.load(Relaxed) != 0 {
        scope.slot().finished.store(finished::CANARY_FAILED, Release);
        unix::exit_now(0);
    }
    let aim = match what {
        What::Number(number) => {
            numbered::want(number);
            scope.set_carries(true);
            if number == 0 { Aim::None } else { Aim::Number }
        }
        _ if job == Job::Record => Aim::None,
        _ => match claim(campaign, slot, false) {
            Some(claimed) => Aim::Chain(claimed.number),
            None => unix::exit_now(0),
        },
    };
    if let Aim::Chain(number) = aim {
        let [first, second] = targets(campaign, number);
        scope.aim(first, second);
    }
    ending::expect(&scope, aim, capture);
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
