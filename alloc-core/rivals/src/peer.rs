//! The second thread, and how two threads begin together.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use crate::thread::{pin, preemptions};

/// Work for the peer, and what it came to.
type Job = Box<dyn FnOnce() + Send>;

/// A thread that stays: allocators keep what they know of it from chunk to chunk.
pub(crate) struct Peer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Peer {
    /// A thread on processor 1.
    pub(crate) fn new() -> Peer {
        let (jobs, inbox): (Sender<Job>, Receiver<Job>) = channel();
        let thread = std::thread::spawn(move || {
            pin(1);
            inbox.into_iter().for_each(|job| job());
        });
        Peer { jobs: Some(jobs), thread: Some(thread) }
    }

    /// Runs `theirs` on the peer and `ours` here, and gives both results.
    pub(crate) fn both<T: Send + 'static, U>(
        &self,
        theirs: impl FnOnce() -> T + Send,
        ours: impl FnOnce() -> U,
    ) -> (T, U) {
        let (answer, answered) = channel();
        let job: Box<dyn FnOnce() + Send + '_> = Box::new(move || answer.send(theirs()).expect("the caller waits"));
        // SAFETY: the job borrows from the caller, who does not go on before it was answered, which is the last
        // thing that it does with what it borrowed; if `ours` panics the process ends (`panic` below).
        let job: Job = unsafe { std::mem::transmute(job) };
        let bomb = Bomb;
        self.jobs.as_ref().expect("the peer lives as long as this").send(job).expect("the peer lives");
        let ours = ours();
        let theirs = answered.recv().expect("the peer answers");
        std::mem::forget(bomb);
        (theirs, ours)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Ends the process if it is dropped, which only unwinding does.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        std::process::abort();
    }
}

/// A place where two threads wait for each other without sleeping. It is used once.
#[derive(Default)]
pub(crate) struct Meeting(AtomicU32);

impl Meeting {
    /// Says that this thread is here.
    pub(crate) fn arrive(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether both are here.
    pub(crate) fn is_complete(&self) -> bool {
        self.0.load(Ordering::Acquire) >= 2
    }

    /// Arrives, and waits for the other one without giving the processor away.
    fn spin(&self) {
        self.arrive();
        while !self.is_complete() {
            std::hint::spin_loop();
        }
    }

    /// Arrives, and waits for the other one.
    pub(crate) fn wait(&self) {
        self.arrive();
        let mut spins = 0_u32;
        while !self.is_complete() {
            spins += 1;
            if spins.is_multiple_of(10_000) {
                std::thread::yield_now();
            }
            std::hint::spin_loop();
        }
    }
}

/// The beginning of a chunk of two threads.
#[derive(Default)]
pub(crate) struct Begin {
    near: Meeting,
    now: Meeting,
}

impl Begin {
    /// Waits until both threads run, and says how often this one was taken off its processor before: a thread that is taken
    /// off while the other one begins is disturbed.
    pub(crate) fn wait(&self) -> i64 {
        self.near.wait();
        let before = preemptions();
        self.now.spin();
        before
    }
}
