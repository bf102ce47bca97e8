//! A thread that the test started before the sweep and its body talks to: a fork would not carry it.

use std::collections::TryReserveError;
use std::hint::black_box;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use firsthit::{Explorer, Sweep, Verdict};

use crate::again;

/// A thread that doubles numbers; asking it allocates nothing.
struct Doubler {
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Desk {
    paper: Mutex<Paper>,
    changed: Condvar,
}

#[derive(Default, PartialEq, Clone, Copy)]
enum Paper {
    #[default]
    Empty,
    Asked(u32),
    Answered(u32),
    Closed,
}

impl Doubler {
    fn start() -> Doubler {
        let desk = Arc::<Desk>::default();
        let behind = Arc::clone(&desk);
        let thread = std::thread::spawn(move || {
            let mut paper = behind.paper.lock().unwrap();
            loop {
                match *paper {
                    Paper::Asked(number) => {
                        *paper = Paper::Answered(number * 2);
                        behind.changed.notify_all();
                    }
                    Paper::Closed => return,
                    _ => paper = behind.changed.wait(paper).unwrap(),
                }
            }
        });
        Doubler { desk, thread: Some(thread) }
    }

    fn ask(&self, number: u32) -> u32 {
        let mut paper = self.desk.paper.lock().unwrap();
        *paper = Paper::Asked(number);
        self.desk.changed.notify_all();
        loop {
            if let Paper::Answered(number) = *paper {
                *paper = Paper::Empty;
                return number;
            }
            paper = self.desk.changed.wait(paper).unwrap();
        }
    }
}

impl Drop for Doubler {
    fn drop(&mut self) {
        *self.desk.paper.lock().unwrap() = Paper::Closed;
        self.desk.changed.notify_all();
        self.thread.take().unwrap().join().unwrap();
    }
}

fn asks(doubler: &Doubler) -> Result<u32, TryReserveError> {
    let mut block: Vec<u8> = Vec::new();
    block.try_reserve_exact(black_box(3))?;
    let sum = doubler.ask(1) + doubler.ask(2);
    black_box(block);
    let mut block: Vec<u8> = Vec::new();
    if block.try_reserve_exact(black_box(5)).is_ok() {
        black_box(block);
    }
    Ok(sum)
}

fn swept(explorer: Option<Explorer>) -> String {
    let doubler = Doubler::start();
    let mut sweep = Sweep::new().workers(2);
    if let Some(explorer) = explorer {
        sweep = sweep.explorer(explorer);
    }
    let report = sweep.run(|| asks(&doubler));
    assert_eq!(report.trouble(), None, "{report}");
    assert_eq!(report.verdicts(), [Verdict::Recovered, Verdict::Absorbed], "{report}");
    report.to_string()
}

/// The reason stands in the report.
fn by_itself() {
    let report = swept(None);
    assert!(report.contains("note: explored by process: the test owns 1 thread"), "{report}");
}

#[test]
fn beside_other_tests() {
    by_itself();
}

#[test]
fn alone_in_a_process() {
    again::alone("owned_threads::alone");
}

#[test]
#[ignore = "run by `alone_in_a_process`"]
fn alone() {
    by_itself();
}

#[test]
fn as_asked_for() {
    swept(Some(Explorer::Process));
    swept(Some(Explorer::Inline));
}
