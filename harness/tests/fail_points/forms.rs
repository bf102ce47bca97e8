//! The forms of `fail_point!`: what is returned, how it is converted, and when it is evaluated.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::hint::black_box;
use std::io::{self, ErrorKind};
use std::ptr;

use firsthit::{Explorer, Sweep, Verdict, fail_point};

use crate::{Given, Refusal, recovered, verdicts};

#[test]
fn one_expression_is_one_chain() {
    fn write() -> io::Result<u32> {
        fail_point!("disk is full", Err(io::Error::from(ErrorKind::StorageFull)));
        Ok(7)
    }
    let report = Sweep::new().expect(|given: &Result<u32, ErrorKind>| *given == Err(ErrorKind::StorageFull));
    recovered(&report.run(|| write().map_err(|error| error.kind())), 1);
}

#[test]
fn each_value_of_a_list_is_an_injection_of_its_own() {
    fn read() -> Given {
        fail_point!("read", [Err(Refusal::Full), Err(Refusal::Busy), Ok(0), Ok(7),]);
        Ok(black_box(7))
    }
    let expected = [Verdict::Recovered, Verdict::Recovered, Verdict::Swallowed, Verdict::Absorbed];
    assert_eq!(verdicts(read), expected);
    let only_full = Sweep::new().expect(|given| *given == Err(Refusal::Full)).run(read);
    let expected = [Verdict::Recovered, Verdict::Swallowed, Verdict::Swallowed, Verdict::Absorbed];
    assert_eq!(only_full.verdicts(), expected, "{only_full}");
}

#[test]
fn the_value_is_evaluated_only_where_it_is_returned() {
    let made = Cell::new([0_u32; 2]);
    let make = |place: usize| {
        let mut counts = made.get();
        counts[place] += 1;
        made.set(counts);
        Err(Refusal::Busy)
    };
    let body = || {
        fail_point!("first", [make(0), make(1)]);
        Ok(1)
    };
    assert_eq!((body(), made.get()), (Ok(1), [0, 0]));
    let report = Sweep::new().explorer(Explorer::Inline).run(body);
    recovered(&report, 2);
    assert_eq!(made.get(), [1, 1]);
}

#[test]
fn a_value_is_coerced_as_a_return_would_be() {
    fn boxed() -> Result<&'static [u32], Box<dyn Error>> {
        fail_point!("boxed", [Err("no".into()), Err(Box::new(fmt::Error)), Ok(&[1, 2])]);
        Ok(&[1, 2, 3])
    }
    fn shown() -> impl Fn() -> Option<u32> {
        || {
            fail_point!("in a closure", None);
            Some(3)
        }
    }
    // Boxing an error allocates, which is failed in none of them: there is only one failure.
    let given = || boxed().map(<[u32]>::len).map_err(|error| error.to_string());
    assert_eq!(verdicts(given), [Verdict::Recovered, Verdict::Recovered, Verdict::Swallowed]);
    assert_eq!(verdicts(|| shown()()), [Verdict::Recovered]);
}

#[test]
fn pointers_options_plain_values_and_nothing_can_be_returned() {
    fn pointer(value: &u32) -> *const u32 {
        fail_point!("pointer", ptr::null());
        value
    }
    fn number() -> i32 {
        fail_point!("number", -1);
        4
    }
    fn nothing(done: &Cell<bool>) {
        fail_point!("nothing", ());
        done.set(true);
    }
    fn array() -> [u8; 2] {
        fail_point!("array", ([0, 0]));
        [1, 2]
    }
    let body = || {
        let value = 5;
        let done = Cell::new(false);
        nothing(&done);
        let checked = [!pointer(&value).is_null(), number() >= 0, done.get(), array() == [1, 2]];
        checked.iter().all(|good| *good).then_some(1).ok_or(Refusal::Busy)
    };
    assert_eq!(verdicts(body), [Verdict::Recovered; 4]);
}

/// What callers of [`step`](crate::step) make of its error.
#[derive(PartialEq, Eq, Debug)]
struct Wrapped(Refusal);

impl From<Refusal> for Wrapped {
    fn from(refusal: Refusal) -> Wrapped {
        Wrapped(refusal)
    }
}

#[test]
fn question_marks_convert_what_was_injected() {
    fn outer() -> Result<u32, Wrapped> {
        let value = crate::step(1)?;
        fail_point!("converted", Err(Refusal::Busy)?);
        Ok(value)
    }
    let expected = |given: &Result<u32, Wrapped>| matches!(given, Err(Wrapped(Refusal::Full | Refusal::Busy)));
    recovered(&Sweep::new().expect(expected).run(outer), 2);
}

#[test]
fn generic_functions_and_methods_have_points() {
    struct Log<T>(T);
    impl<T: Copy> Log<T> {
        fn first(&self) -> Option<T> {
            fail_point!("first", None);
            Some(self.0)
        }
    }
    assert_eq!(verdicts(|| Log(3_u8).first().zip(Log("a").first())), [Verdict::Recovered; 2]);
}
