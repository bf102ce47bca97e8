//! Pages that can be moved are read, pinned and given back while others bring free pages together.

mod scheduled;

use alloc_core_schedules::{Gfp, MovablePages, NodePages, Order};
use scheduled::{Owned, as_task, below, builder, check, is_whole};
use shuttle::thread;

const PAGES: u32 = 64;

fn holds(page: &MovablePages<'_>, number: u8) -> bool {
    let pin = page.pin();
    let begin = pin.as_ptr();
    // Others run here, and may move whatever is not pinned.
    thread::yield_now();
    let same = begin == pin.as_ptr() && page.pin().as_ptr() == begin;
    same && pin[..64].iter().all(|byte| *byte == number)
}

#[test]
fn contents_stay_and_what_is_pinned_does_not_move_under_any_schedule() {
    check(|| {
        let machine = builder(PAGES as usize).node(NodePages::new(PAGES)).min_free_pages(0).build().unwrap();
        let owned = Owned::default();
        let full = Gfp::NOWAIT | Gfp::MEMALLOC;
        let mut pages: Vec<_> = std::iter::from_fn(|| machine.alloc_movable(Order::ZERO, full).ok()).collect();
        (0..).zip(&mut pages).for_each(|(number, page)| page.pin_mut()[..64].fill(number));
        let mut kept: Vec<_> = (0_u8..).zip(pages).filter(|(_, page)| page.frame().0.is_multiple_of(2)).collect();
        let (ours, theirs) = kept.split_at_mut(16);
        thread::scope(|scope| {
            let (machine, owned) = (&machine, &owned);
            for _ in 0..2 {
                scope.spawn(move || {
                    as_task(machine, || {
                        let size = Order::new(2 + below(2) as u32);
                        let block = machine.alloc_pages(size, Gfp::KERNEL | Gfp::NORETRY | Gfp::NOWARN);
                        block.into_iter().for_each(|block| owned.drop(owned.keep(block)));
                    });
                });
            }
            scope.spawn(move || {
                for _ in 0..4 {
                    let (number, page) = &ours[below(16) as usize];
                    assert!(holds(page, *number), "page {number} is not what it was");
                }
            });
            scope.spawn(move || {
                for _ in 0..4 {
                    let (number, page) = &mut theirs[below(16) as usize];
                    assert!(holds(page, *number));
                    *number = number.wrapping_add(100);
                    page.pin_mut()[..64].fill(*number);
                    if below(2) == 0 {
                        let new = machine.alloc_movable(Order::ZERO, Gfp::NOWAIT);
                        new.into_iter().for_each(|mut new| {
                            new.pin_mut()[..64].fill(*number);
                            *page = new;
                        });
                    }
                }
            });
        });
        assert!(kept.iter().all(|(number, page)| holds(page, *number)));
        drop(kept);
        is_whole(&machine, u64::from(PAGES));
    });
}
