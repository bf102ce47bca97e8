//! `#[injectable]` on functions and methods of every kind: what they return, before their bodies run.

use std::cell::Cell;
use std::fmt;
use std::hint::black_box;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use firsthit::__private::{FUNCTIONS, Kind};
use firsthit::{Explorer, Sweep, Verdict, injectable};

use crate::{Given, Refusal, recovered, verdicts};

#[injectable(Err(Refusal::Full))]
fn plain(value: u32) -> Given {
    #![allow(clippy::needless_return, reason = "an inner attribute stays where it is")]
    return Ok(value);
}

#[test]
fn a_function_fails_once_for_each_chain_to_it() {
    let body = || {
        let mut sum = plain(1)?;
        for round in 0..black_box(10) {
            sum += plain(round)?;
        }
        Ok::<u32, Refusal>(sum)
    };
    recovered(&Sweep::new().expect(|given| *given == Err(Refusal::Full)).run(body), 2);
}

#[test]
fn it_fails_before_its_body_and_the_value_may_use_its_parameters() {
    #[injectable(Err(limit * 2), Err(limit * 3))]
    fn counted(runs: &Cell<u32>, limit: u32) -> Result<u32, u32> {
        runs.set(runs.get() + 1);
        Ok(limit)
    }
    let body = || {
        let runs = Cell::new(0);
        let given = counted(&runs, black_box(5));
        match given {
            Err(10 | 15) if runs.get() == 0 => given,
            Ok(_) if runs.get() == 1 => given,
            _ => Err(0),
        }
    };
    recovered(&Sweep::new().expect(|given| matches!(given, Err(10 | 15))).run(body), 2);
}

struct Log<T> {
    lines: Vec<T>,
}

impl<T: Clone> Log<T> {
    #[injectable(io = [StorageFull, Interrupted])]
    fn append(&mut self, line: T) -> io::Result<usize> {
        self.lines.push(line);
        Ok(self.lines.len())
    }

    #[injectable(None)]
    fn last(&self) -> Option<&T> {
        self.lines.last()
    }

    #[injectable(null)]
    fn data(&self) -> *const T {
        self.lines.as_ptr()
    }
}

trait Device {
    fn read(&self) -> Result<u8, Fault>;

    #[injectable(errno = EIO)]
    fn twice(&self) -> Result<u8, Fault> {
        Ok(self.read()? + self.read()?)
    }
}

struct Disk;

impl Device for Disk {
    #[injectable(errno = [EIO, ENOSPC])]
    fn read(&self) -> Result<u8, Fault> {
        Ok(black_box(2))
    }
}

/// What the device's users see of an `io::Error`.
#[derive(Debug)]
struct Fault(Option<i32>);

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault(error.raw_os_error())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[test]
fn methods_fail_with_the_kinds_and_numbers_that_they_name() {
    let body = || {
        let mut log = Log { lines: Vec::with_capacity(4) };
        let first = log.append(black_box(1)).map_err(|error| error.kind())?;
        Ok::<_, io::ErrorKind>((first, log.last().copied().ok_or(io::ErrorKind::NotFound)?, log.data().is_null()))
    };
    let kinds = [io::ErrorKind::StorageFull, io::ErrorKind::Interrupted, io::ErrorKind::NotFound];
    let sweep = Sweep::new()
        .expect(move |given: &Result<_, io::ErrorKind>| given.as_ref().is_err_and(|kind| kinds.contains(kind)));
    let report = sweep.run(body);
    // The list's own memory aborts.
    let expected = [Verdict::Aborted, Verdict::Recovered, Verdict::Recovered, Verdict::Recovered, Verdict::Swallowed];
    assert_eq!(report.verdicts(), expected, "{report}");
}

#[test]
fn errors_of_the_system_are_converted_as_by_a_question_mark() {
    let numbers = || {
        let sweep = Sweep::new().expect(|given: &Result<u8, Fault>| {
            given.as_ref().is_err_and(|fault| [Some(libc::EIO), Some(libc::ENOSPC)].contains(&fault.0))
        });
        sweep.run(|| Disk.twice())
    };
    // Two places that read, each in two ways, and the method of the trait itself.
    recovered(&numbers(), 5);
}

#[test]
fn pointers_are_null_as_their_type_has_it() {
    type Handle = *mut u32;
    #[injectable(null)]
    extern "C" fn shared(value: *const u32) -> *const u32 {
        value
    }
    #[injectable(null)]
    fn own(value: Handle) -> Handle {
        value
    }
    let body = || {
        let mut value = 3;
        let pointers = [shared(&raw const value), own(&raw mut value).cast_const()];
        pointers.iter().all(|pointer| !pointer.is_null()).then_some(value)
    };
    assert_eq!(verdicts(body), [Verdict::Recovered; 2]);
}

#[test]
fn async_functions_fail_when_they_are_first_polled() {
    #[injectable(Err(Refusal::Busy), Err(Refusal::Full))]
    async fn fetch(ready: &Cell<bool>) -> Given {
        ready.set(true);
        std::future::ready(()).await;
        Ok(4)
    }
    let body = || {
        let ready = Cell::new(false);
        let mut future = pin!(fetch(&ready));
        let Poll::Ready(given) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) else { return Ok(0) };
        if given.is_err() == ready.get() { Err(Refusal::NoMemory) } else { given }
    };
    let expected = |given: &Given| matches!(given, Err(Refusal::Busy | Refusal::Full));
    recovered(&Sweep::new().expect(expected).run(body), 2);
}

mod testing {
    pub(crate) use firsthit::*;
}

#[test]
fn firsthit_may_be_elsewhere() {
    #[testing::injectable(None, crate = crate::injectable::testing)]
    fn given() -> Option<u8> {
        Some(1)
    }
    assert_eq!(verdicts(given), [Verdict::Recovered]);
}

#[test]
fn reports_name_the_function_and_what_it_is_failed_with() {
    #[injectable(io = [StorageFull, Interrupted], Ok(9))]
    fn store() -> io::Result<u32> {
        Ok(black_box(2))
    }
    let report = Sweep::new().run(|| store().unwrap_or(2));
    assert_eq!(report.verdicts(), [Verdict::Absorbed, Verdict::Absorbed, Verdict::Swallowed], "{report}");
    let text = report.to_string();
    assert!(text.contains("swallowed: fail point \"store\" (alternative 3 of 3: `Ok(9)`) failed in "), "{text}");
    assert!(text.contains("reports_name_the_function_and_what_it_is_failed_with::store at "), "{text}");
    let named = Sweep::new().run(|| store().map_err(|_| ()).or(Err::<u32, ()>(())).unwrap_or(0));
    let text = named.to_string();
    assert!(text.contains("fail point \"store\" (alternative 1 of 3: `io = StorageFull`) failed in "), "{text}");
}

#[expect(dead_code, reason = "what no test reaches is declared all the same")]
#[injectable(Err(()))]
fn never_reached<T>(value: T) -> Result<T, ()> {
    Ok(value)
}

#[test]
fn a_function_that_no_test_reaches_is_registered() {
    let here = FUNCTIONS.iter().find(|function| function.name == "never_reached").unwrap();
    assert_eq!(here.module, "fail_points::injectable");
    let [point] = here.points().collect::<Vec<_>>()[..] else { panic!("{here:?}") };
    assert_eq!((point.kind, point.text), (Kind::FailPoint, "never_reached"));
    let lines = include_str!("injectable.rs").lines();
    let line = lines.clone().position(|line| line.starts_with("fn never_reached")).unwrap();
    assert_eq!(point.line as usize, line, "the attribute's line, above the function's");
}

#[test]
fn every_explorer_fails_it() {
    let explorers = [Explorer::Worker, Explorer::Snapshot, Explorer::Process, Explorer::Inline];
    for report in explorers.map(|explorer| Sweep::new().explorer(explorer).run(|| plain(3))) {
        assert!(crate::elsewhere() || report.verdicts() == [Verdict::Recovered], "{report}");
    }
}
