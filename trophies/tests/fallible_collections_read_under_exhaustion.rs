//! fallible_collections 0.5.2: the error that says there is no memory is a boxed text, and the process ends while it is made.

use std::io::Read;

use fallible_collections::TryRead;
use firsthit::{Alloc, Mode, Sweep, Verdict};

#[global_allocator]
static ALLOC: Alloc = Alloc::system();

/// Memory stays exhausted behind the first failure, so this is a sweep in mode `sticky`.
#[test]
#[ignore = "a sweep of its own, which needs no tool: cargo test -- --ignored"]
fn under_exhaustion_a_reader_gives_an_error() {
    let sweep = Sweep::new().name("under_exhaustion_a_reader_gives_an_error").mode(Mode::Sticky);
    let report = sweep.run(|| {
        let read = (&[7; 4096][..]).take(4096).read_into_try_vec();
        read.map(|bytes| bytes.len()).map_err(|error| error.kind())
    });
    println!("{report}");
    // This is the bug: it would be `Recovered`.
    assert_eq!(report.verdicts(), [Verdict::Aborted]);
}
