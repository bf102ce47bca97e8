//! One place of the program is one chain, whatever a process of the sweep is doing when it comes there.

use std::sync::mpsc;
use std::thread;

use firsthit::{Explorer, Sweep, Verdict};

#[global_allocator]
static ALLOC: firsthit::Alloc = firsthit::Alloc::system();

#[test]
fn memory_kept_outside_of_the_body_makes_no_second_chain() {
    let (to, from) = mpsc::channel::<u64>();
    let reader = thread::spawn(move || from.into_iter().count());
    let sweep = Sweep::new().name("memory_kept_outside_of_the_body_makes_no_second_chain");
    let report = sweep.explorer(Explorer::Process).run(|| {
        // The block that the channel allocates here outlives the body, so that an account of all memory is opened.
        to.send(1).map_err(|_| "nobody reads")?;
        let mut numbers = Vec::<u64>::new();
        numbers.try_reserve(10).map_err(|_| "no memory")?;
        Ok::<_, &str>(numbers.len())
    });
    drop(to);
    assert!(reader.join().is_ok());
    assert_eq!(report.count(Verdict::Unreached), 0, "{report}");
    assert_eq!(report.count(Verdict::Recovered), 1, "{report}");
}
