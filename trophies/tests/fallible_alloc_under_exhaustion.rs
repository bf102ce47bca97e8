//! fallible_alloc 0.2.0: the error that says there is no memory needs memory, and the process ends while it is made.

use firsthit::{Alloc, Mode, Sweep, Verdict};

#[global_allocator]
static ALLOC: Alloc = Alloc::system();

/// Memory stays exhausted behind the first failure, so this is a sweep in mode `sticky`.
#[test]
#[ignore = "a sweep of its own, which needs no tool: cargo test -- --ignored"]
fn under_exhaustion_an_error_is_made_without_memory() {
    let sweep = Sweep::new().name("under_exhaustion_an_error_is_made_without_memory").mode(Mode::Sticky);
    let report = sweep.run(|| fallible_alloc::vec::alloc_with_size::<u8>(4096).map(|bytes| bytes.capacity()));
    println!("{report}");
    // This is the bug: it would be `Recovered`.
    assert_eq!(report.verdicts(), [Verdict::Aborted]);
}
