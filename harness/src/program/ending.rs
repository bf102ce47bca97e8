//! How a run of a program ends: what is written down when it exits, aborts, or becomes another program's parent.
#![expect(unsafe_code, reason = "is called back by the C library when the process exits or forks")]

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use super::annotated;
use super::numbered;
use super::reach::{self, Roots};
use crate::explore::account::beyond_baseline;
use crate::explore::child;
use crate::explore::held::wait_until;
use crate::explore::unix::{self, Capture, OUTPUT_KEPT};
use crate::inject::kept;
use crate::memory::live::{Block, LIVE};
use crate::memory::record::{Chain, End, Evidence, Gave, Leak, Outcome, Span, finished, state};
use crate::scope::shared::{Scope, phase};
use crate::scope::thread;

/// How often a chain is looked for that a run did not meet.
const LOOKS_MAX: u32 = 3;

/// What is to fail in a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Aim {
    None,
    /// A request of the chain with this number.
    Chain(u32),
    /// A request by its own number.
    Number,
}

/// A run that has not ended.
struct Run {
    scope: Arc<Scope>,
    aim: Aim,
    capture: Option<Capture>,
    /// The process that it is: a fork of it is none of the sweep's.
    pid: u32,
    /// The descriptors that were open when it began.
    descriptors: usize,
}

static RUN: AtomicPtr<Run> = AtomicPtr::new(ptr::null_mut());

unsafe extern "C" {
    fn on_exit(handler: extern "C" fn(c_int, *mut c_void), argument: *mut c_void) -> c_int;
}

/// Has the end of every run written down. To be called before `main`, so that it comes behind all that the program has
/// called at its own exit.
pub(crate) fn prepare() {
    // SAFETY: registers two functions that live as long as the process.
    unsafe {
        on_exit(exits, ptr::null_mut());
        libc::pthread_atfork(None, None, Some(leave));
    }
}

/// Expects the end of a run in this process.
pub(crate) fn expect(scope: &Arc<Scope>, aim: Aim, capture: Option<Capture>) {
    let run = Run { scope: Arc::clone(scope), aim, capture, pid: std::process::id(), descriptors: open() };
    RUN.store(Box::into_raw(Box::new(run)), Release);
    LIVE.open();
}

/// A fork of a run is none: nothing fails in it, and its end is not the run's.
extern "C" fn leave() {
    // SAFETY: null, or a run that is never freed.
    if let Some(run) = unsafe { RUN.swap(ptr::null_mut(), AcqRel).as_ref() } {
        run.scope.set_phase(phase::OFF);
        child::leave();
    }
}

/// How many descriptors are open; 0 where `/proc` is not mounted.
fn open() -> usize {
    unix::descriptors_count().unwrap_or(0)
}

extern "C" fn exits(status: c_int, _: *mut c_void) {
    // SAFETY: null, or a run that is never freed.
    let Some(run) = (unsafe { RUN.swap(ptr::null_mut(), AcqRel).as_ref() }) else { return };
    if run.pid != std::process::id() {
        return;
    }
    // First of all: what the program's code had in them goes on living in them alone.
    let registers = reach::callers_registers();
    run.scope.set_phase(phase::OFF);
    let slot = run.scope.slot();
    slot.nanos.store(unix::now() - slot.began.load(Relaxed), Relaxed);
    let conclude = || match run.aim {
        Aim::None => run.recorded(status),
        Aim::Number => run.numbered(status, &registers),
        Aim::Chain(number) => run.attempted(status, &run.scope.campaign.chains()[number as usize], &registers),
    };
    match thread::current() {
        Some(current) => current.quietly(conclude),
        None => conclude(),
    }
    // What is left of the exit may take its time, too: its limit goes on.
}

impl Run {
    /// What the process printed last.
    fn printed(&self) -> Vec<u8> {
        self.capture.as_ref().map(|capture| capture.tail(OUTPUT_KEPT)).unwrap_or_default()
    }

    /// How many descriptors it has opened and not closed.
    fn opened(&self) -> usize {
        open().saturating_sub(self.descriptors)
    }

    fn outcome(&self, status: c_int, text: &[u8]) -> Outcome {
        let text = self.scope.campaign.add_text(text);
        Outcome { gave: Gave::Value, expected: true, digest: u64::from(status.cast_unsigned()), text }
    }

    /// A run without a failure has ended.
    fn recorded(&self, status: c_int) {
        let (slot, header) = (self.scope.slot(), self.scope.campaign.header());
        slot.allocations.store(self.scope.balance().requests, Relaxed);
        numbered::tell(slot);
        slot.threads.store(self.scope.threads().count().saturating_sub(1) as u32, Relaxed);
        for leak in LIVE.kept() {
            if let Some(chain) = self.scope.campaign.chains().get(leak.chain as usize) {
                chain.retained.fetch_max(leak.count, Relaxed);
            }
        }
        header.usual_descriptors.fetch_max(self.opened() as u32, Relaxed);
        let Span { start, len } = self.scope.campaign.add_text(&annotated::arms());
        header.usual_arms.store(u64::from(start) << 32 | u64::from(len), Relaxed);
        let text = if status == 0 { Vec::new() } else { self.printed() };
        slot.set_outcomes([self.outcome(status, &text), Outcome::default()]);
        slot.finished.store(finished::ONCE, Release);
    }

    /// What nothing refers to any more, of the chains of which more is left than runs without a failure leave.
    fn lost(&self, registers: &[usize]) -> Vec<Leak> {
        let beyond = || beyond_baseline(&self.scope.campaign, &LIVE.kept());
        if beyond().is_empty() {
            return Vec::new();
        }
        // A thread that is about to end gives back what it still has.
        wait_until(|| unix::threads().is_none_or(|threads| threads <= 1));
        let beyond = beyond();
        let here = (&raw const beyond).addr();
        let mut excluded = reach::past_stacks(&self.scope, here);
        excluded.push(LIVE.own_memory());
        let blocks = LIVE.blocks(|chain| beyond.iter().any(|leak| leak.chain == chain));
        let mut lost = reach::lost(blocks, &Roots { registers, excluded: &excluded });
        lost.sort_unstable_by_key(|block| block.chain);
        let by_chain = lost.chunk_by(|one, other| one.chain == other.chain);
        let sum = |blocks: &[Block]| Leak {
            chain: blocks[0].chain,
            count: blocks.len() as u32,
            bytes: blocks.iter().map(|block| block.size as u64).sum(),
        };
        by_chain.map(sum).collect()
    }

    /// A run with a failure has ended.
    fn attempted(&self, status: c_int, chain: &Chain, registers: &[usize]) {
        let (slot, campaign) = (self.scope.slot(), &self.scope.campaign);
        if slot.chain.load(Acquire) == 0 || chain.state.load(Acquire) != state::RUNNING {
            return;
        }
        if self.scope.fired() == 0 {
            if chain.attempts.load(Relaxed) < LOOKS_MAX {
                chain.state.store(state::PLANNED_FRESH, Release);
            } else {
                campaign.complete(chain, Evidence::default());
            }
            slot.chain.store(0, Release);
            return;
        }
        self.note(status, registers);
        let mut evidence = slot.evidence();
        if !evidence.outcome.same_as(&campaign.header().baseline().outcome) {
            evidence.stderr = campaign.add_text(&self.printed());
        }
        campaign.complete(chain, evidence);
        // From here on the death of this process is its own.
        slot.chain.store(0, Release);
    }

    /// A run whose request of some number was to fail has ended. What it printed is read by who has started it.
    fn numbered(&self, status: c_int, registers: &[usize]) {
        let slot = self.scope.slot();
        if self.scope.fired() > 0 {
            self.note(status, registers);
        }
        slot.finished.store(finished::ONCE, Release);
    }

    /// Writes down what is left behind a failure.
    fn note(&self, status: c_int, registers: &[usize]) {
        let (slot, campaign) = (self.scope.slot(), &self.scope.campaign);
        kept::look(&self.scope);
        let usual = campaign.header().usual_descriptors.load(Relaxed) as usize;
        let left = self.opened().saturating_sub(usual);
        let leaks = campaign.add_leaks(&self.lost(registers));
        let ran = campaign.add_text(&annotated::arms());
        slot.update(|evidence| {
            evidence.leaks = leaks;
            evidence.ran = ran;
            evidence.end = End::Returned;
            evidence.code = status;
            evidence.outcome = self.outcome(status, &[]);
            evidence.fds = left as i32;
        });
    }
}

/// What the program's `abort` comes to: a note of where it was called, and the end.
pub fn abort() -> ! {
    child::firsthit_abort()
}
