//! Arrays in pageable memory: against a model, sorted beyond memory, and under every failure.
#![cfg(all(feature = "std", unix))]

mod support;

use std::cmp::Ordering;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use alloc_core::{
    AnyOf, Attributes, Capability, FaultSource, Gfp, Knobs, Machine, NodePages, Nth, Order, PAGE_SIZE, PagedArray,
    PagedCause, PagedError, Swap,
};
use support::random::Random;

fn machine(pages: u32) -> Machine {
    Machine::builder().node(NodePages::new(pages)).min_free_pages(0).build().unwrap()
}

fn swap(slots: u32) -> Arc<Swap> {
    Arc::new(Swap::temporary(slots).unwrap())
}

fn ended(machine: &Machine, swap: &Swap, pages: u64) {
    machine.audit().unwrap();
    assert_eq!((machine.free_pages(None), swap.used()), (pages, 0));
    assert!(machine.open_scopes().is_empty());
}

fn all<T: alloc_core::Record>(array: &PagedArray<'_, T>) -> Vec<T> {
    array.iter().collect::<Result<_, _>>().unwrap()
}

fn filled<'m>(machine: &'m Machine, swap: &Arc<Swap>, values: &[u64]) -> PagedArray<'m, u64> {
    let mut array = PagedArray::new(machine, swap).unwrap();
    values.iter().for_each(|value| array.append(value).unwrap());
    array
}

#[test]
fn row_092_records_are_stored_at_any_place_and_no_record_lies_in_two_pages() {
    let (machine, swap) = (machine(64), swap(100));
    let mut array = PagedArray::<([u8; 1000], u16)>::new(&machine, &swap).unwrap();
    let record = |number: u16| ([number as u8; 1000], number);
    assert_eq!((array.load(0), array.is_empty(), array.truncate(7)), (Ok(None), true, Ok(())));
    (0..9).for_each(|number| array.append(&record(number)).unwrap());
    array.store(1 << 40, &record(77)).unwrap();
    assert_eq!(
        (array.len(), array.load(1 << 40), array.load(8)),
        ((1 << 40) + 1, Ok(Some(record(77))), Ok(Some(record(8))))
    );
    assert_eq!((array.load(9), array.load((1 << 40) + 1)), (Ok(Some(record(0))), Ok(None)));
    assert_eq!(array.usage().pages(), 4, "four in each page");
    array.truncate(5).unwrap();
    assert_eq!((array.usage().pages(), all(&array)), (2, (0..5).map(record).collect()));
    assert_eq!((&array).into_iter().size_hint(), (5, Some(5)));
    let most = PagedArray::<([u8; 1000], u16)>::LEN_MAX;
    array.store(most - 1, &record(1)).unwrap();
    let error = array.append(&record(2)).unwrap_err();
    assert_eq!((error.cause, array.len()), (PagedCause::PastEnd, most));
    drop(array);
    ended(&machine, &swap, 64);
}

/// Values of one kind that is hard to sort or easy, so many.
fn values(kind: u64, len: u64) -> Vec<u64> {
    let mut random = Random(kind);
    (0..len)
        .map(|at| match kind {
            0 => at,
            1 => len - at,
            2 => 7,
            3 => at % 2,
            4 => u64::from(at == len / 2),
            5 => at.min(len - at),
            _ => random.below(1 << 31) << 20 | random.below(len),
        })
        .collect()
}

#[test]
fn row_092_whatever_lies_in_an_array_is_sorted_as_std_sorts_it() {
    for len in [0, 1, 2, 511, 512, 513, 1025, 13_000] {
        for kind in 0..8 {
            let (machine, swap) = (machine(24), swap(200));
            let mut expected = values(kind, len);
            let mut array = filled(&machine, &swap, &expected);
            expected.sort_unstable();
            array.sort().unwrap();
            assert!(all(&array) == expected, "{len} of kind {kind}");
            array.sort_by(|one, other| other.cmp(one)).unwrap();
            expected.reverse();
            assert!(all(&array) == expected, "{len} of kind {kind}, backwards");
            assert_eq!((array.usage().pinned, machine.stats().kills), (0, 0));
            drop(array);
            ended(&machine, &swap, 24);
        }
    }
}

#[test]
fn row_092_an_array_far_larger_than_the_arena_is_sorted_as_std_sorts_it() {
    let (len, pages): (u64, _) = if cfg!(debug_assertions) { (100_000, 32) } else { (10_000_000, 1024) };
    let (machine, swap) = (machine(pages), swap((len / 512) as u32 + 1));
    let mut random = Random(92);
    let mut expected: Vec<u64> = (0..len).map(|_| random.below(1 << 31) << 31 | random.below(1 << 31)).collect();
    let mut array = filled(&machine, &swap, &expected);
    expected.sort_unstable();
    let begin = std::time::Instant::now();
    array.sort().unwrap();
    let usage = array.usage();
    println!("{len} numbers in {pages} pages: {:?}, {} page-ins", begin.elapsed(), usage.accesses().page_ins);
    assert!(array.iter().map(Result::unwrap).eq(expected));
    assert_eq!(machine.stats().kills, 0);
}

#[test]
fn row_092_a_sort_makes_do_with_a_smaller_window_where_others_hold_memory() {
    let (machine, swap) = (machine(256), swap(400));
    let expected = values(9, 100_000);
    let mut array = filled(&machine, &swap, &expected);
    let others: Vec<_> =
        (0..248).map_while(|_| machine.alloc_pages(Order::ZERO, Gfp::NOFS | Gfp::NORETRY).ok()).collect();
    assert!(others.len() == 248 && array.usage().cached <= 8, "{:?}", array.usage());
    array.sort().unwrap();
    assert!(all(&array).is_sorted());
    drop(others);
    drop(array);
    ended(&machine, &swap, 256);
}

/// The same values, in whatever order.
fn is_permutation(array: &PagedArray<'_, u64>, sorted: &[u64]) -> bool {
    let mut left = all(array);
    left.sort_unstable();
    left == sorted
}

#[test]
fn row_092_a_sort_that_fails_anywhere_leaves_the_same_records() {
    let values = values(11, 12_000);
    let mut sorted = values.clone();
    sorted.sort_unstable();
    let run = |source: Arc<dyn FaultSource>| {
        let (machine, swap) = (machine(12), swap(100));
        let mut array = filled(&machine, &swap, &values);
        machine.set_faults(Some(source));
        let result = array.sort();
        machine.set_faults(None);
        assert!(is_permutation(&array, &sorted) && (result.is_err() || all(&array).is_sorted()));
        assert_eq!(array.usage().pinned, 0);
        drop(array);
        ended(&machine, &swap, 12);
        result
    };
    let count = Arc::new(Nth::new(u64::MAX));
    run(count.clone()).unwrap();
    let step = if cfg!(debug_assertions) { 5 } else { 1 };
    let results: Vec<_> = (1..=count.asked()).step_by(step).map(|number| run(Arc::new(Nth::new(number)))).collect();
    let failed = results.iter().filter(|result| result.is_err()).count();
    println!("{} requests and transfers, {failed} of {} failures told", count.asked(), results.len());
    assert!(failed > 10 && failed < results.len(), "some can be done without");
    // And under failures that go on.
    for seed in 0..5 {
        let of = |kind| Arc::new(Knobs::default().with(kind, Attributes::unfiltered(20).seeded(seed)));
        let _ = run(Arc::new(AnyOf::new(vec![of(Capability::SwapIo), of(Capability::PageAlloc)])));
    }
}

#[test]
fn row_092_a_comparison_that_panics_or_is_none_leaves_the_same_records() {
    let (machine, swap) = (machine(16), swap(100));
    let values = values(12, 20_000);
    let mut sorted = values.clone();
    sorted.sort_unstable();
    let mut array = filled(&machine, &swap, &values);
    for after in [0, 1, 100, 20_000, 100_000, 200_000] {
        let mut count = 0;
        let panics = catch_unwind(AssertUnwindSafe(|| {
            array.sort_by(|one, other| {
                count += 1;
                assert!(count <= after, "a bug of the comparison");
                one.cmp(other)
            })
        }));
        assert!(panics.is_err() && is_permutation(&array, &sorted) && array.usage().pinned == 0, "{after}");
    }
    let mut random = Random(1);
    for _ in 0..3 {
        let any = |_: &u64, _: &u64| random.of(&[Ordering::Less, Ordering::Equal, Ordering::Greater]);
        array.sort_by(any).unwrap();
        assert!(is_permutation(&array, &sorted));
    }
    drop(array);
    ended(&machine, &swap, 16);
}

#[test]
fn row_092_any_sequence_of_operations_agrees_with_a_vector_under_random_failures() {
    let mut failures = 0;
    for seed in 0..if cfg!(debug_assertions) { 10 } else { 60 } {
        let mut random = Random(seed);
        let (machine, swap) = (machine(random.of(&[12, 30])), swap(random.of(&[0, 10, 100])));
        let mut array = PagedArray::<(u32, [u8; 60])>::new(&machine, &swap).unwrap();
        let mut model: Vec<(u32, [u8; 60])> = Vec::new();
        for step in 0..300 {
            if step % 10 == 0 {
                let of = |kind| Arc::new(Knobs::default().with(kind, Attributes::unfiltered(10).seeded(seed + step)));
                let some: Arc<dyn FaultSource> =
                    Arc::new(AnyOf::new(vec![of(Capability::SwapIo), of(Capability::PageAlloc)]));
                machine.set_faults((random.below(2) == 0).then_some(some));
            }
            let value = (random.below(50) as u32, [random.byte(); 60]);
            let at = random.below(model.len() as u64 + 3);
            let result: Result<(), PagedError> = match random.below(8) {
                0..3 => {
                    let at = at + random.below(200);
                    array.store(at, &value).map(|()| {
                        model.resize(model.len().max(at as usize + 1), (0, [0; 60]));
                        model[at as usize] = value;
                    })
                }
                3 => (0..random.below(200)).try_for_each(|_| array.append(&value).map(|()| model.push(value))),
                4 => array.sort().map(|()| model.sort_unstable()),
                5 if random.below(5) == 0 => array.truncate(at).map(|()| model.truncate(at as usize)),
                _ => array.load(at).map(|found| assert_eq!(found, model.get(at as usize).copied())),
            };
            if result.is_err() {
                failures += 1;
                // A sort may have moved them, and the end of what should be cut may be gone.
                machine.set_faults(None);
                let (mut left, mut expected) = (all(&array), model.clone());
                let len = left.len();
                assert_eq!(len, model.len());
                if left != model {
                    model.clone_from(&left);
                    left.sort_unstable();
                    expected.sort_unstable();
                    assert!(left == expected, "seed {seed}, step {step}");
                }
            }
        }
        machine.set_faults(None);
        assert!(all(&array) == model, "seed {seed}");
    }
    assert!(failures > 50, "{failures}");
}

#[test]
fn a_record_as_large_as_a_page_and_one_of_a_byte_are_sorted() {
    let (machine, swap) = (machine(32), swap(100));
    let mut pages = PagedArray::<[u8; PAGE_SIZE]>::new(&machine, &swap).unwrap();
    (0..60).for_each(|number: u8| pages.append(&[number.wrapping_mul(77); PAGE_SIZE]).unwrap());
    pages.sort().unwrap();
    assert!(pages.iter().map(Result::unwrap).is_sorted());
    let mut bytes = PagedArray::<u8>::new(&machine, &swap).unwrap();
    (0..40_000_u32).for_each(|number| bytes.append(&(number.wrapping_mul(40_503) >> 7).to_le_bytes()[0]).unwrap());
    bytes.sort().unwrap();
    assert!(bytes.iter().map(Result::unwrap).is_sorted() && pages.len() == 60);
}
