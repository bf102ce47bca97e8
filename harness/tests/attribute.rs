//! `#[firsthit::test]` makes tests that the runner knows by their own names, and that sweep.

use std::collections::TryReserveError;
use std::hint::black_box;
use std::process::Command;

#[global_allocator]
static ALLOC: firsthit::Alloc = firsthit::Alloc::system();

fn squares(count: usize) -> Result<Vec<usize>, TryReserveError> {
    let mut squares = Vec::new();
    squares.try_reserve_exact(count)?;
    squares.extend((0..count).map(|n| n * n));
    Ok(squares)
}

/// Aborts where the memory is refused.
fn doubles(count: usize) -> Vec<usize> {
    (0..count).map(|n| n * 2).collect()
}

#[firsthit::test]
fn a_result_is_swept() -> Result<Vec<usize>, TryReserveError> {
    squares(black_box(10))
}

#[firsthit::test]
fn a_test_may_return_nothing() {
    // The test's own unwrap stops on the error that the code returned, which is no finding.
    assert_eq!(squares(black_box(3)).unwrap(), [0, 1, 4]);
}

#[firsthit::test]
fn an_abort_only_counts() {
    black_box(doubles(10));
}

#[firsthit::test(deny(aborted))]
#[should_panic(expected = "aborted: alloc of 80 bytes failed in Iterator::collect\n  --> harness/tests/attribute.rs:")]
fn a_denied_abort_fails_the_test() {
    black_box(doubles(10));
}

#[firsthit::test(deny(aborted), allow("attribute::doubles", reason = "it is what this test wants"))]
fn an_allowed_abort_does_not() {
    black_box(doubles(10));
}

#[firsthit::test(expect(|result: &Result<(), String>| result == &Err("no memory".to_owned())))]
#[should_panic(expected = "gave `Err(\"something\")`, not an expected error")]
fn an_error_that_is_not_expected_is_a_swallowed_failure() -> Result<(), String> {
    squares(black_box(10)).map(drop).map_err(|_| "something".to_owned())
}

#[firsthit::test(expect(|result| matches!(result, Err(text) if text.is_empty())))]
fn a_closure_for_expect_need_not_name_the_result() -> Result<(), String> {
    squares(black_box(10)).map(drop).map_err(|_| String::new())
}

#[firsthit::test(mode = "forbid")]
#[should_panic(expected = "1 allocated")]
fn the_mode_is_passed_on() -> Result<(), String> {
    squares(black_box(10)).map(drop).map_err(|error| error.to_string())
}

#[firsthit::test(explorer = "process", deny(aborted))]
#[should_panic(expected = "explored by process: ")]
fn the_explorer_is_passed_on() {
    black_box(doubles(10));
}

#[firsthit::test(depth = 2, workers = 2, deny(aborted))]
#[should_panic(expected = "then failed as well, during the recovery")]
fn the_depth_is_passed_on() {
    if squares(black_box(10)).is_err() {
        black_box(doubles(10));
    }
}

#[firsthit::test(time_limit = "100ms")]
#[should_panic(expected = "1 hung")]
fn the_time_limit_is_passed_on() {
    while squares(black_box(10)).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(700));
    }
}

#[firsthit::test(explorer = "inline")]
fn any_outcome_is_taken() -> impl firsthit::Outcome {
    squares(black_box(10)).ok()
}

#[firsthit::test(chains_max = 100)]
#[should_panic(expected = "nothing")]
fn a_test_that_allocates_nothing_fails() {}

#[firsthit::test]
#[ignore = "what it does is not to be done"]
fn an_ignored_test_is_not_run() {
    panic!("an ignored test was run");
}

#[firsthit::test]
#[cfg(any())]
fn a_test_that_is_not_compiled() {
    no_such_function();
}

mod testing {
    pub(crate) use firsthit::*;
}

#[testing::test(crate = crate::testing, mode = "sticky", explorer = "worker", deny(aborted), time_limit = "20s")]
fn firsthit_may_be_elsewhere() -> Result<(), TryReserveError> {
    squares(black_box(10)).map(drop)
}

macro_rules! tests {
    ($($(#[$attribute:meta])* $name:ident -> $returned:ty $body:block)*) => {$(
        #[firsthit::test(deny(aborted))]
        $(#[$attribute])*
        fn $name() -> $returned $body
    )*};
}

tests! {
    /// Documented.
    a_macro_may_write_the_test -> Result<(), TryReserveError> { squares(black_box(10)).map(drop) }

    #[should_panic(expected = "1 aborted")]
    a_macro_may_pass_attributes_on -> () {
        black_box(doubles(10));
    }
}

mod nested {
    pub(crate) mod deeper {
        use crate::{doubles, squares};
        use firsthit::test;
        use std::hint::black_box;

        /// Imported, the attribute stands before the built-in one of the same name.
        #[test(deny(aborted))]
        #[should_panic(expected = "\n    attribute::nested::deeper::the_users_frame_is_the_test at ")]
        fn the_users_frame_is_the_test() {
            // Another number than elsewhere: the compiler makes one function of those with the same code.
            black_box(doubles(17));
        }

        #[test(explorer = "process")]
        fn a_fresh_process_finds_the_test() -> Result<(), std::collections::TryReserveError> {
            squares(black_box(10)).map(drop)
        }

        #[test(explorer = "process")]
        fn r#try() {
            black_box(squares(black_box(10)).ok());
        }

        #[test(explorer = "process")]
        fn r#raw() {
            black_box(squares(black_box(10)).ok());
        }
    }
}

/// What the runner is asked with `--list`, as nextest asks it.
fn listed(arguments: &[&str]) -> String {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).args(["--list", "--format=terse"]).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_runner_knows_each_test_once_and_by_its_own_name() {
    let listed = listed(&[]);
    for name in ["a_result_is_swept", "nested::deeper::the_users_frame_is_the_test", "nested::deeper::r#try"] {
        assert_eq!(listed.lines().filter(|line| *line == format!("{name}: test")).count(), 1, "{name}\n{listed}");
    }
    assert!(!listed.contains("not_compiled"), "{listed}");
}

#[test]
fn the_runner_knows_which_are_ignored() {
    assert_eq!(listed(&["--ignored"]), "an_ignored_test_is_not_run: test\n");
}
