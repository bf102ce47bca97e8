//! Of calls in calls, the innermost is the one that failed, on every way out.

use std::future::poll_fn;
use std::mem::replace;
use std::panic::catch_unwind;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use firsthit::{Explorer, Sweep};

use crate::left::Folder;
use crate::subjects::{NoMemory, room};

/// `consume(room(11)?)?`, and an allocation behind it that is in no call.
fn nested() -> Result<usize, NoMemory> {
    firsthit::__function!(HERE, "nested", 4, [
        Site "consume(room(11)?)" 0, 10, 1;
        Site "room(11)" 0, 10, 9;
        Question "room(11)?" 0, 10, 17, <- 1;
        Question "consume(room(11)?)?" 0, 10, 18, <- 0;
    ]);
    let outer = HERE.enter(0);
    let inner = HERE.enter(1);
    let block = match HERE.tried(2, HERE.leave(inner, room(11))) {
        Ok(block) => block,
        Err(error) => {
            HERE.abandon(1);
            return Err(error);
        }
    };
    let consumed = HERE.tried(3, HERE.leave(outer, consume(block)))?;
    Ok(consumed + room(13)?.capacity())
}

fn consume(block: Vec<u8>) -> Result<usize, NoMemory> {
    Ok(block.capacity() + room(12)?.capacity())
}

#[test]
#[ignore = "run by `a_failure_is_the_innermost_calls`"]
fn in_calls() {
    // What only recovery code allocates is a chain of no call, unless an early exit was forgotten. It fails, too, behind
    // each of the three.
    let sweep = Sweep::new().explorer(Explorer::Worker).workers(1).depth(2);
    let report = sweep.run(|| nested().or_else(|_| Ok::<_, NoMemory>(room(14)?.capacity())));
    assert_eq!(report.verdicts().len(), 6, "{report}");
}

#[test]
fn a_failure_is_the_innermost_calls() {
    let known = Folder::new().run("sites::in_calls");
    for (site, chains, verdicts) in [("consume(room(11)?)", 1, "swallowed:1"), ("room(11)", 1, "swallowed:1")] {
        let left = &known[&format!("nested: {site}")];
        assert_eq!((left.hits, left.chains, left.verdicts.as_str()), (1, chains, verdicts), "{site}");
    }
    assert_eq!(known["nested: room(11)?"].verdicts, "recovered:1,swallowed:1");
    assert_eq!(known["nested: consume(room(11)?)?"].verdicts, "recovered:1,swallowed:1");
}

/// `room(*counts.first()?)`: a lookup that may find nothing, and leave the call before it is made.
fn looked_up(counts: &[usize]) -> Option<usize> {
    firsthit::__function!(HERE, "looked_up", 1, [Site "room(*counts.first()?)" 0, 60, 1;]);
    let entered = HERE.enter(0);
    let count = *HERE.abandon_if(1, counts.first())?;
    HERE.leave(entered, room(count)).ok().map(|block| block.capacity())
}

#[test]
#[ignore = "run by `a_lookup_that_finds_nothing_leaves_the_call`"]
fn with_lookups() {
    let report = Sweep::new().explorer(Explorer::Worker).run(|| {
        let nothing = looked_up(&[]);
        let behind = room(20)?.capacity();
        Ok::<_, NoMemory>((nothing, behind, looked_up(&[21])))
    });
    assert_eq!(report.verdicts().len(), 2, "{report}");
}

#[test]
fn a_lookup_that_finds_nothing_leaves_the_call() {
    // The failure of room(20) is recovered, and in no call; that of room(21) is swallowed.
    let left = &Folder::new().run("sites::with_lookups")["looked_up: room(*counts.first()?)"];
    assert_eq!((left.hits, left.chains, left.verdicts.as_str()), (2, 1, "swallowed:1"));
}

/// A call that unwinds.
fn unwinding() -> usize {
    firsthit::__function!(HERE, "unwinding", 1, [Site "panics()" 0, 20, 1;]);
    let entered = HERE.enter(0);
    let panics = || -> usize { std::panic::resume_unwind(Box::new(())) };
    HERE.leave(entered, panics())
}

/// A call around one that unwinds, and an allocation behind both.
fn catching() -> Result<usize, NoMemory> {
    firsthit::__function!(HERE, "catching", 2, [
        Site "catch()" 0, 30, 1;
        Site "room(15)" 0, 31, 1;
    ]);
    let entered = HERE.enter(0);
    let _ = HERE.leave(entered, catch_unwind(unwinding));
    let entered = HERE.enter(1);
    Ok(HERE.leave(entered, room(15))?.capacity() + room(16)?.capacity())
}

#[test]
#[ignore = "run by `a_call_that_unwinds_is_over`"]
fn unwound() {
    let report = Sweep::new().explorer(Explorer::Worker).run(catching);
    assert!(report.trouble().is_none(), "{report}");
}

#[test]
fn a_call_that_unwinds_is_over() {
    let known = Folder::new().run("sites::unwound");
    assert_eq!(known["catching: room(15)"].verdicts, "recovered:1");
    assert_eq!(known["unwinding: panics()"].verdicts, "-", "room(16) is in no call");
}

/// A call whose future asks for memory when it is polled again, after somebody else has.
fn awaiting() -> Result<usize, NoMemory> {
    firsthit::__function!(HERE, "awaiting", 1, [Site "later()" 0, 50, 1;]);
    async fn later() -> Result<Vec<u8>, NoMemory> {
        let mut waited = false;
        let once = |_: &mut Context<'_>| if replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending };
        poll_fn(once).await;
        room(18)
    }
    let entered = HERE.enter(0);
    let mut future = pin!(HERE.awaited(0, HERE.leave(entered, later())));
    let context = &mut Context::from_waker(Waker::noop());
    let mut between = 0;
    loop {
        match future.as_mut().poll(context) {
            Poll::Ready(block) => return Ok(block?.capacity() + between),
            Poll::Pending => between += room(19)?.capacity(),
        }
    }
}

#[test]
#[ignore = "run by `a_future_that_is_polled_is_in_its_call`"]
fn awaited() {
    let report = Sweep::new().explorer(Explorer::Worker).run(awaiting);
    assert_eq!(report.verdicts().len(), 2, "{report}");
}

#[test]
fn a_future_that_is_polled_is_in_its_call() {
    let left = &Folder::new().run("sites::awaited")["awaiting: later()"];
    assert_eq!((left.hits, left.chains, left.verdicts.as_str()), (1, 1, "recovered:1"));
}

/// A call that a sweep begins in: entered before it, left behind it.
fn around(work: impl FnOnce()) {
    firsthit::__function!(HERE, "around", 1, [Site "work()" 0, 40, 1;]);
    let entered = HERE.enter(0);
    work();
    HERE.leave(entered, ());
}

#[test]
#[ignore = "run by `a_call_around_a_sweep_is_not_in_it`"]
fn begun_within() {
    around(|| {
        let report = Sweep::new().explorer(Explorer::Inline).run(|| room(17).map(|block| block.capacity()));
        assert_eq!(report.verdicts().len(), 1, "{report}");
    });
}

#[test]
fn a_call_around_a_sweep_is_not_in_it() {
    let known = Folder::new().run("sites::begun_within");
    assert_eq!((known["around: work()"].chains, known["around: work()"].seen.as_str()), (0, "reached"));
}
