//! Vectors: what they own, how they grow, and what comes back where there is no room.
#![expect(unsafe_code, reason = "takes vectors to pieces")]

mod support;

use alloc_core::{NodeId, Policy};
use alloc_core_rfl as kernel;
use kernel::alloc::kvec::{InsertError, PushError};
use kernel::alloc::{AllocError, Allocator};
use kernel::prelude::*;
use support::{Count, Counted, free, on_machine};

fn values<A: Allocator>(vector: &Vec<Counted<'_>, A>) -> std::vec::Vec<u32> {
    vector.iter().map(|counted| counted.value).collect()
}

#[test]
fn a_push_that_finds_no_room_gives_the_value_back() {
    let count = Count::default();
    on_machine(|_, switch| {
        let mut vector = KVec::with_capacity(2, GFP_KERNEL).unwrap();
        vector.push_within_capacity(count.one(0)).unwrap();
        vector.push_within_capacity(count.one(1)).unwrap();
        let Err(PushError(back)) = vector.push_within_capacity(count.one(2)) else { panic!("it was full") };
        assert_eq!((back.value, values(&vector)), (2, vec![0, 1]));
        let Err(InsertError::OutOfCapacity(back)) = vector.insert_within_capacity(0, back) else {
            panic!("still full")
        };
        let Err(InsertError::IndexOutOfBounds(back)) = vector.insert_within_capacity(3, back) else {
            panic!("beyond the end")
        };
        assert_eq!(switch.failing(|| vector.push(back, GFP_KERNEL)), Err(AllocError));
        assert_eq!((values(&vector), count.now()), (vec![0, 1], 2), "a push that fails drops its value alone");
        assert_eq!(Error::from(PushError(())), EINVAL);
        vector.reserve(1, GFP_KERNEL).unwrap();
        vector.insert_within_capacity(1, count.one(7)).unwrap();
        vector.insert_within_capacity(3, count.one(8)).unwrap();
        assert_eq!(values(&vector), [0, 7, 1, 8]);
        assert_eq!(vector.remove(1).unwrap().value, 7);
        assert!(vector.remove(3).is_err() && KVec::<u8>::new().remove(0).is_err());
        assert_eq!(values(&vector), [0, 1, 8]);
    });
    assert_eq!(count.now(), 0);
}

#[test]
fn a_vector_that_cannot_grow_is_as_it_was() {
    let count = Count::default();
    on_machine(|_, switch| {
        let mut vector = KVVec::new();
        vector.extend_with(3, count.one(5), GFP_KERNEL).unwrap();
        let (place, capacity) = (vector.as_ptr(), vector.capacity());
        switch.failing(|| {
            let more = [const { 5 }; 200].map(|value| count.one(value));
            assert_eq!(vector.reserve(100, GFP_KERNEL), Err(AllocError));
            assert_eq!(vector.extend_with(100, count.one(1), GFP_KERNEL), Err(AllocError));
            assert_eq!(vector.extend_from_slice(&more, GFP_KERNEL), Err(AllocError));
            assert_eq!(vector.resize(100, count.one(1), GFP_KERNEL), Err(AllocError));
            assert_eq!(vector.extend_with(0, count.one(1), GFP_KERNEL), Ok(()));
            assert_eq!(vector.resize(2, count.one(1), GFP_KERNEL), Ok(()), "to become smaller takes nothing");
        });
        assert_eq!(
            (vector.as_ptr(), vector.capacity(), values(&vector), count.now()),
            (place, capacity, vec![5, 5], 2)
        );
        assert_eq!(vector.reserve(usize::MAX, GFP_KERNEL), Err(AllocError));
        assert_eq!(vector.reserve(isize::MAX as usize, GFP_KERNEL), Err(AllocError));
    });
    assert_eq!(count.now(), 0);
}

#[test]
fn room_doubles_and_stays_where_values_go() {
    on_machine(|_, _| {
        let mut vector = KVec::new();
        assert_eq!((vector.capacity(), vector.is_empty()), (0, true));
        let mut growths = 0;
        for number in 0..1000_u16 {
            let before = vector.capacity();
            vector.push(number, GFP_KERNEL).unwrap();
            growths += u32::from(vector.capacity() != before);
        }
        assert!(growths <= 11, "{growths}");
        let capacity = vector.capacity();
        vector.truncate(500);
        vector.retain(|number| *number % 2 == 0);
        assert_eq!((vector.len(), vector[249], vector.get(250)), (250, 498, None));
        assert_eq!(vector.drain_all().sum::<u16>(), (0..250).map(|half| half * 2).sum());
        vector.clear();
        assert_eq!((vector.len(), vector.capacity(), vector.pop()), (0, capacity, None));
    });
}

#[test]
fn values_leave_once_however_they_leave() {
    let count = Count::default();
    on_machine(|_, switch| {
        let vector = || KVec::from_elem(count.one(1), 5, GFP_KERNEL).unwrap();
        let mut drained = vector();
        drained.drain_all().take(2).for_each(drop);
        assert_eq!((drained.len(), count.now()), (0, 0));
        drop(drained);

        let mut some = vector().into_iter();
        assert_eq!((some.len(), some.next().map(|counted| counted.value)), (5, Some(1)));
        assert_eq!(count.now(), 4);
        let rest = some.collect(GFP_KERNEL);
        assert_eq!((values(&rest), rest.capacity(), count.now()), (vec![1; 4], 4, 4));
        let mut few = rest.into_iter();
        few.next();
        // Where no smaller memory is to be had, what there is does as well.
        let few = switch.failing(|| few.collect(GFP_KERNEL));
        assert_eq!(few.len(), 3);
        let mut none = few.into_iter();
        none.by_ref().for_each(drop);
        assert_eq!((none.collect(GFP_KERNEL).capacity(), count.now()), (0, 0));
        drop(vector().into_iter());
        assert_eq!(count.now(), 0);

        let mut kept = vector();
        let mut number = 0;
        kept.retain(|counted| {
            counted.value = number;
            number += 1;
            counted.value % 2 == 1
        });
        assert_eq!((values(&kept), count.now()), (vec![1, 3], 2));
        let (pointer, len, capacity) = kept.into_raw_parts();
        // SAFETY: the vector was given up for its parts.
        let mut again = unsafe { KVec::from_raw_parts(pointer, len, capacity) };
        // SAFETY: the last of two values is counted no more, and dropped here.
        unsafe { std::ptr::drop_in_place(again.dec_len(1)) };
        again.spare_capacity_mut()[0].write(count.one(9));
        // SAFETY: just written.
        unsafe { again.inc_len(1) };
        assert_eq!(values(&again), [1, 9]);
    });
    assert_eq!(count.now(), 0);
}

#[test]
fn values_of_no_bytes_have_room_for_any_number() {
    let count = std::cell::Cell::new(0);
    struct Token<'c>(std::marker::PhantomData<&'c ()>);
    std::thread_local!(static DROPPED: std::cell::Cell<u32> = const { std::cell::Cell::new(0) });
    impl Drop for Token<'_> {
        fn drop(&mut self) {
            DROPPED.set(DROPPED.get() + 1);
        }
    }
    on_machine(|_, switch| {
        switch.failing(|| {
            let mut vector = VVec::new();
            assert_eq!(vector.capacity(), usize::MAX);
            for _ in 0..10 {
                vector.push(Token(std::marker::PhantomData), GFP_KERNEL).unwrap();
                count.set(count.get() + 1);
            }
            assert_eq!(vector.reserve(usize::MAX, GFP_KERNEL), Err(AllocError), "so many cannot be counted");
            drop(vector.remove(3));
            vector.truncate(7);
            let mut rest = vector.into_iter();
            rest.next();
            assert_eq!((DROPPED.get(), rest.len()), (4, 6));
            assert_eq!(rest.collect(GFP_KERNEL).len(), 6);
        });
    });
    assert_eq!((DROPPED.get(), count.get()), (10, 10));
}

#[test]
fn a_literal_has_its_values_and_tells_that_there_is_no_memory() {
    on_machine(|_, switch| {
        assert_eq!(kernel::kvec![1, 2, 3].unwrap(), [1, 2, 3]);
        assert_eq!(kernel::kvec![7; 3].unwrap(), &[7, 7, 7]);
        assert!(switch.failing(|| kernel::kvec![1, 2, 3]).is_err());
        assert!(switch.failing(|| kernel::kvec![1; 3]).is_err());
        let empty: KVec<u8> = switch.failing(|| kernel::kvec![]);
        assert_eq!(empty, [0_u8; 0]);
        assert_eq!(format!("{:?}", kernel::kvec![1, 2].unwrap()), "[1, 2]");
        let (one, other) = (kernel::kvec![1, 2].unwrap(), KVVec::from_elem(1, 1, GFP_KERNEL).unwrap());
        assert!(one != other && one[..1] == *other && one == one.as_slice());
    });
}

#[test]
#[cfg_attr(miri, ignore = "no window to map in")]
fn pages_that_are_not_needed_come_back() {
    on_machine(|machine, switch| {
        let empty = free(machine);
        let _fragments = machine.fragment(alloc_core::Fragments::KeepOneIn(2));
        let before = free(machine);
        let mut vector = KVVec::with_capacity(40 * 4096, GFP_KERNEL).unwrap();
        vector.extend_from_slice(&[3_u8; 5000], GFP_KERNEL).unwrap();
        assert!(before - free(machine) >= 40, "it is mapped, with a page table");
        switch.failing(|| vector.shrink_to(0, GFP_KERNEL)).unwrap();
        assert_eq!((vector.capacity(), before - free(machine)), (5000, 2 + 1));
        vector.truncate(4800);
        vector.shrink_to(4500, GFP_KERNEL).unwrap();
        assert_eq!(vector.capacity(), 5000, "no page would come back");
        assert!(vector.iter().all(|byte| *byte == 3));
        vector.clear();
        vector.shrink_to(0, GFP_KERNEL).unwrap();
        assert_eq!((vector.capacity(), free(machine)), (0, before));
        assert!(empty > before);
    });
}

#[test]
#[cfg_attr(miri, ignore = "it takes long")]
fn memory_that_has_run_out_is_an_error_and_comes_back() {
    on_machine(|machine, _| {
        let _policy = machine.policy_scope(Policy::small_may_fail());
        let mut numbers = KVVec::new();
        while numbers.push(numbers.len(), GFP_KERNEL).is_ok() {}
        assert!(numbers.len() > 100_000 && numbers.iter().enumerate().all(|(place, number)| place == *number));
        let hoard = machine.exhaust(NodeId(0), 0);
        assert!(KBox::new([0_u8; 9000], GFP_KERNEL).is_err());
        drop((hoard, numbers));
        assert!(KBox::new([0_u8; 9000], GFP_KERNEL).is_ok());
    });
}
