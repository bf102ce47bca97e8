//! Fails every allocation of both functions, once per call chain: one recovers, the other's dependency does not.

use std::num::NonZeroUsize;

use example_words::{intern, list};
use firsthit::{Sweep, Verdict, invariant};
use lasso::{Capacity, MemoryLimits, Rodeo};

// All that a test program needs so that its allocations can be failed. Outside of a sweep it adds one load.
#[global_allocator]
static ALLOC: firsthit::Alloc = firsthit::Alloc::system();

/// The usual form: `check` panics, with the report, if one failure ended badly.
#[test]
fn a_list_of_words_survives_every_failure() {
    // The body makes all of its state anew, since it runs once for each chain, and returns what its caller can see:
    // that is compared with a run in which nothing fails.
    let sweep = Sweep::new().name("a_list_of_words_survives_every_failure");
    sweep.check(|| list("floccinaucinihilipilification precedes antidisestablishmentarianism"));
}

/// lasso 0.7.3 promises an error of the kind `FailedAllocation`; three of its call chains do not keep the promise.
///
/// The sweep is expected to find that, so it is `run`: the report is looked at, and nothing panics.
#[test]
fn an_interner_is_of_no_use_after_a_failure() {
    let text = "to be or not to be that is the question";
    let sweep = Sweep::new()
        .name("an_interner_is_of_no_use_after_a_failure")
        .allow("Rodeo::with_capacity", "the constructor of an interner promises no error");
    let report = sweep.run(|| {
        // Room for 16 bytes at first, and for twice as many when those are full: enough for the text, and no more.
        let bytes = NonZeroUsize::new(16).unwrap();
        let mut interner = Rodeo::with_capacity_and_memory_limits(Capacity::new(4, bytes), MemoryLimits::new(48));
        let interned = intern(&mut interner, text);
        if interned.is_err() {
            // One allocation was failed, and no other will be: a caller that made room tries again.
            invariant("the interner works again once there is memory", intern(&mut interner, text).is_ok());
        }
        interned
    });
    println!("{report}");

    // The list of words and the hash table grow by `push` and `insert`, which abort the process where they cannot grow.
    // The bytes of the words do return the error, but those that were not given stay counted towards the limit.
    assert_eq!(report.count(Verdict::Corrupted), 1);
    assert_eq!(report.count(Verdict::Recovered), 0);
    assert!(report.trouble().is_none() && !report.is_clean());
}
