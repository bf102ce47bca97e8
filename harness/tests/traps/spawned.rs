//! Threads and tasks of the body belong to its sweep: those it spawns by themselves, others by a handle.

use std::collections::TryReserveError;
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use firsthit::{Explorer, Handle, Report, Sweep, Verdict};

#[inline(never)]
fn reserved(bytes: usize) -> Result<Vec<u8>, TryReserveError> {
    let mut block = Vec::new();
    block.try_reserve_exact(black_box(bytes))?;
    Ok(black_box(block))
}

/// So many chains recovered, and every other one aborted: std spawns, sends and boxes infallibly.
#[track_caller]
fn recovered(report: &Report, count: usize) {
    assert_eq!(report.trouble(), None, "{report}");
    assert_eq!(report.count(Verdict::Recovered), count, "{report}");
    // A receiver allocates only if it comes before what it waits for: such a chain may not be met again.
    let others = report.count(Verdict::Aborted) + report.count(Verdict::Unreached);
    assert_eq!(others + count, report.verdicts().len(), "{report}");
}

#[test]
fn threads_that_are_joined() {
    for explorer in [Explorer::Worker, Explorer::Process] {
        let report = Sweep::new().explorer(explorer).workers(2).run(|| {
            let thread = std::thread::spawn(|| reserved(10).map(|block| block.capacity()));
            let here = reserved(20)?;
            let there = thread.join().unwrap()?;
            black_box(here);
            Ok::<usize, TryReserveError>(there)
        });
        recovered(&report, 2);
        assert!(report.count(Verdict::Aborted) > 0, "{report}");
    }
}

/// Although it returns a `Result`, `Builder::spawn` aborts when memory is refused.
#[test]
fn a_builder_that_spawns() {
    let report = Sweep::new().workers(2).run(|| {
        let spawned = std::thread::Builder::new().spawn(|| reserved(10).map(drop));
        spawned.unwrap().join().unwrap()
    });
    recovered(&report, 1);
    assert!(report.count(Verdict::Aborted) >= 3, "{report}");
}

#[test]
fn scoped_threads() {
    let numbers = [1, 2];
    let report = Sweep::new().workers(2).run(|| {
        std::thread::scope(|scope| {
            let threads = numbers.each_ref().map(|number| scope.spawn(move || reserved(*number).map(drop)));
            let mut result = Ok(());
            for thread in threads {
                result = result.and(thread.join().unwrap());
            }
            result
        })
    });
    assert!((1..=2).contains(&report.count(Verdict::Recovered)), "{report}");
    recovered(&report, report.count(Verdict::Recovered));
}

/// Threads of threads.
#[test]
fn grandchildren() {
    let report = Sweep::new().workers(2).run(|| {
        let outer = || std::thread::spawn(|| reserved(10).map(drop)).join().unwrap();
        std::thread::spawn(outer).join().unwrap()
    });
    recovered(&report, 1);
}

type Job = Box<dyn FnOnce() + Send>;

/// A thread that was started before the sweep and runs what it is sent.
fn pool() -> (Sender<Job>, std::thread::JoinHandle<()>) {
    let (sender, jobs) = channel::<Job>();
    (sender, std::thread::spawn(move || jobs.into_iter().for_each(|job| job())))
}

fn in_a_pool(explorer: Option<Explorer>) -> Report {
    let (sender, thread) = pool();
    let mut sweep = Sweep::new().workers(2);
    if let Some(explorer) = explorer {
        sweep = sweep.explorer(explorer);
    }
    let report = sweep.run(|| {
        let (answer, answered) = channel();
        let handle = Handle::current();
        assert!(handle.is_active());
        let job = Box::new(move || {
            let result = handle.enter(|| reserved(10).map(drop));
            // Sent outside of the sweep: what it allocates is not failed.
            let failed = result.is_err();
            answer.send(result).unwrap();
            // After a failure what the job holds is freed when the body is long over, and is no leak.
            std::thread::sleep(Duration::from_millis(if failed { 10 } else { 0 }));
        });
        sender.send(job).unwrap();
        answered.recv().unwrap()
    });
    drop(sender);
    thread.join().unwrap();
    report
}

#[test]
fn a_handle_in_a_pool() {
    recovered(&in_a_pool(Some(Explorer::Process)), 1);
    let chosen = in_a_pool(None);
    recovered(&chosen, 1);
    assert!(chosen.to_string().contains("explored by process"), "{chosen}");
}

/// The same inline, where a chain that aborts would end this process: nothing here does.
#[test]
fn a_handle_inline() {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};
    static DESK: Mutex<Option<Handle>> = Mutex::new(None);
    static ANSWER: Mutex<Option<Result<(), TryReserveError>>> = Mutex::new(None);
    static OVER: AtomicBool = AtomicBool::new(false);
    let thread = std::thread::spawn(|| {
        while !OVER.load(Ordering::Relaxed) {
            let handle = DESK.lock().unwrap().take();
            match handle {
                Some(handle) => *ANSWER.lock().unwrap() = Some(handle.enter(|| reserved(10).map(drop))),
                None => std::thread::yield_now(),
            }
        }
    });
    let report = Sweep::new().explorer(Explorer::Inline).run(|| {
        *DESK.lock().unwrap() = Some(Handle::current());
        loop {
            if let Some(answer) = ANSWER.lock().unwrap().take() {
                return answer;
            }
            std::thread::yield_now();
        }
    });
    OVER.store(true, Ordering::Relaxed);
    thread.join().unwrap();
    recovered(&report, 1);
    assert_eq!(report.verdicts().len(), 1, "{report}");
}

/// Ready at the second poll; each poll allocates.
async fn twice() -> Result<(), TryReserveError> {
    let first = reserved(1)?;
    let mut polled = false;
    std::future::poll_fn(|_| if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }).await;
    let second = reserved(2)?;
    black_box((first, second));
    Ok(())
}

#[test]
fn a_future_that_is_polled_elsewhere() {
    let report = Sweep::new().workers(2).run(|| {
        let future = Handle::current().wrap(twice());
        // Of no scope: `poll` alone brings it back.
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
                return result;
            }
        }
    });
    recovered(&report, 2);
}

#[test]
fn without_a_handle_a_pool_is_not_failed() {
    let (sender, thread) = pool();
    let report = Sweep::new().explorer(Explorer::Process).workers(2).run(|| {
        let (answer, answered) = channel();
        sender.send(Box::new(move || answer.send(reserved(10).map(drop)).unwrap())).unwrap();
        answered.recv().unwrap()
    });
    drop(sender);
    thread.join().unwrap();
    recovered(&report, 0);
}
