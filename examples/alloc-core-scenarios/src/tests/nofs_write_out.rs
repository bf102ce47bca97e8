//! The write-out: trusting NOFS hangs and panics, and a pool does neither.

use alloc_core::{AllocError, Policy};
use firsthit::{Sweep, Verdict};

use super::{bystander, full, machine, swept};
use crate::nofs_write_out::{Requests, Server};

const DIRTY: [u64; 10] = [3, 1, 4, 15, 9, 2, 6, 5, 35, 8];

fn written(requests: &Requests<'_>) -> Result<Vec<u64>, AllocError> {
    let mut server = firsthit::unswept(|| Server::with_room_for(DIRTY.len()));
    requests.write_out(&DIRTY, &mut server)?;
    Ok(server.pages().to_vec())
}

#[test]
#[should_panic(expected = "NOFS never fails: Hang")]
fn row_028_on_a_full_machine_trusting_nofs_hangs() {
    let machine = machine(256, Policy::kernel());
    bystander(&machine, 50);
    let _full = full(&machine);
    let _ = written(&Requests::Trusting(&machine));
}

#[test]
fn row_028_on_a_full_machine_the_pool_writes_everything_out() {
    let machine = machine(256, Policy::kernel());
    bystander(&machine, 50);
    let requests = Requests::pooled(&machine).unwrap();
    let _full = full(&machine);
    assert_eq!(written(&requests), Ok(DIRTY.to_vec()));
    let stats = machine.stats();
    println!("pooled: {} pages written, {} killed, {} hangs", DIRTY.len(), stats.kills, stats.hangs);
    assert_eq!((stats.kills, stats.hangs), (0, 0));
}

#[test]
fn a_pool_that_cannot_be_made_is_told_of_in_time() {
    let machine = machine(256, Policy::small_may_fail());
    let _full = full(&machine);
    assert_eq!(Requests::pooled(&machine).map(drop), Err(AllocError::NoMemory));
}

fn write_out(trusting: bool) -> Result<usize, AllocError> {
    let machine = swept(64, Policy::kernel());
    let requests = if trusting { Requests::Trusting(&machine) } else { Requests::pooled(&machine)? };
    let mut server = firsthit::unswept(|| Server::with_room_for(DIRTY.len()));
    let count = requests.write_out(&DIRTY, &mut server);
    firsthit::unswept(|| drop(server));
    count
}

#[test]
fn a_failure_that_nobody_believed_in_panics() {
    let report = Sweep::new().run(|| write_out(true));
    assert_eq!(report.verdicts(), [Verdict::Panicked], "{report}");
    let text = report.to_string();
    assert!(text.contains("panicked: alloc_pages(order 0, GFP_NOFS) failed in Machine::alloc_pages"), "{report}");
    println!("{report}");
}

#[test]
fn once_the_pool_is_there_no_failure_shows() {
    let report = Sweep::new().run(|| write_out(false));
    assert!(report.is_clean(), "{report}");
    // The pool itself may not be had: its lists, and its blocks. Then its reserve stands in: for pages that are not to be had,
    // and where a fault source keeps the pool from asking for them.
    assert_eq!([Verdict::Recovered, Verdict::Absorbed].map(|verdict| report.count(verdict)), [3, 2], "{report}");
}
