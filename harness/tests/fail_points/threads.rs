//! Points on the threads of a sweep: those that the body spawns, and those that enter a handle.

use std::sync::mpsc::channel;

use firsthit::{Explorer, Handle, Report, Sweep, Verdict};

use crate::{Given, Refusal, elsewhere, step};

/// So many chains recovered, and every other one aborted: std spawns and sends infallibly.
#[track_caller]
fn recovered(report: &Report, count: usize) {
    if elsewhere() {
        return;
    }
    assert_eq!((report.count(Verdict::Recovered), report.trouble()), (count, None), "{report}");
    // A receiver allocates only if it comes before what it waits for: such a chain may not be met again.
    let others = report.count(Verdict::Aborted) + report.count(Verdict::Unreached);
    assert_eq!(others + count, report.verdicts().len(), "{report}");
}

#[test]
fn points_of_spawned_threads_belong_to_the_sweep() {
    for explorer in [Explorer::Worker, Explorer::Process] {
        let report = Sweep::new().explorer(explorer).run(|| {
            let there = std::thread::spawn(|| step(1));
            let here = step(2)?;
            Ok::<u32, Refusal>(here + there.join().unwrap()?)
        });
        recovered(&report, 2);
    }
}

#[test]
fn a_thread_that_was_there_before_belongs_through_a_handle_alone() {
    type Job = Box<dyn FnOnce() + Send>;
    let (sender, jobs) = channel::<Job>();
    let pool = std::thread::spawn(move || jobs.into_iter().for_each(|job| job()));
    let in_pool = |with_handle: bool| {
        let sender = sender.clone();
        Sweep::new().explorer(Explorer::Process).workers(2).run(move || -> Given {
            let (answer, answered) = channel();
            let handle = if with_handle { Handle::current() } else { Handle::default() };
            let job = move || answer.send(handle.enter(|| step(3))).unwrap();
            sender.send(Box::new(job)).unwrap();
            answered.recv().unwrap()
        })
    };
    let (without, with) = (in_pool(false), in_pool(true));
    drop(sender);
    pool.join().unwrap();
    recovered(&without, 0);
    recovered(&with, 1);
}
