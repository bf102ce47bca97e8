//! Random operations on vectors, some of which find no memory, agree with std's vector.

mod support;

use std::vec::Vec as Reference;

use alloc_core_rfl as kernel;
use kernel::alloc::Allocator;
use kernel::alloc::allocator::{KVmalloc, Kmalloc, Vmalloc};
use kernel::prelude::*;
use support::{Count, Counted, Switch, on_machine};

/// A small generator of pseudo-random numbers (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

/// A vector and what it should be. The reference is changed where the operation did not fail.
struct Both<'c, A: Allocator> {
    count: &'c Count,
    vector: Vec<Counted<'c>, A>,
    reference: Reference<u32>,
    next: u32,
    failed: u32,
}

impl<'c, A: Allocator> Both<'c, A> {
    fn new(count: &'c Count) -> Self {
        Both { count, vector: Vec::new(), reference: Reference::new(), next: 0, failed: 0 }
    }

    fn value(&mut self) -> Counted<'c> {
        self.next += 1;
        self.count.one(self.next)
    }

    /// Notes whether an operation that may ask for memory did what it was to do.
    fn settle<E>(&mut self, result: core::result::Result<(), E>, expected: impl FnOnce(&mut Reference<u32>)) {
        match result {
            Ok(()) => expected(&mut self.reference),
            Err(_) => self.failed += 1,
        }
    }

    fn step(&mut self, random: &mut Random) {
        let (len, next) = (self.reference.len(), self.next + 1);
        let place = random.below(len + 2);
        let many = [1, 3, 40, if cfg!(miri) { 90 } else { 700 }][random.below(4)];
        match random.below(16) {
            0 | 1 => {
                let value = self.value();
                let result = self.vector.push(value, GFP_KERNEL);
                self.settle(result, |reference| reference.push(next));
            }
            2 => {
                let value = self.value();
                let room = self.vector.capacity() - len;
                let result = self.vector.push_within_capacity(value);
                assert_eq!(result.is_ok(), room > 0);
                self.settle(result, |reference| reference.push(next));
            }
            3 => {
                let value = self.value();
                let result = self.vector.insert_within_capacity(place, value);
                assert!(result.is_err() || place <= len);
                self.settle(result, |reference| reference.insert(place, next));
            }
            4 => assert_eq!(self.vector.pop().map(|counted| counted.value), self.reference.pop()),
            5 => match self.vector.remove(place) {
                Ok(counted) => assert_eq!(counted.value, self.reference.remove(place)),
                Err(_) => assert!(place >= len),
            },
            6 => {
                let value = self.value();
                let result = self.vector.extend_with(many, value, GFP_KERNEL);
                self.settle(result, |reference| reference.extend((0..many).map(|_| next)));
            }
            7 => {
                let slice = [self.value(), self.value(), self.value()];
                let result = self.vector.extend_from_slice(&slice, GFP_KERNEL);
                self.settle(result, |reference| reference.extend([next, next + 1, next + 2]));
            }
            8 => {
                let value = self.value();
                let result = self.vector.resize(many, value, GFP_KERNEL);
                self.settle(result, |reference| reference.resize(many, next));
            }
            9 => {
                self.vector.truncate(place);
                self.reference.truncate(place);
            }
            10 => {
                self.vector.retain(|counted| counted.value % 3 != 0);
                self.reference.retain(|value| value % 3 != 0);
            }
            11 => {
                let result = self.vector.reserve(many, GFP_KERNEL);
                assert!(result.is_err() || self.vector.capacity() >= len + many);
                self.settle(result, |_| ());
            }
            12 => {
                let skipped = place.min(len);
                let mut left = std::mem::take(&mut self.vector).into_iter();
                assert_eq!(left.by_ref().take(skipped).count(), skipped);
                self.vector = left.collect(GFP_KERNEL);
                self.reference.drain(..skipped);
            }
            13 if random.below(8) == 0 => {
                assert!(self.vector.drain_all().map(|counted| counted.value).eq(self.reference.drain(..)));
            }
            14 => {
                let mut clone = Vec::<_, A>::new();
                let result = clone.extend_from_slice(&self.vector, GFP_KERNEL);
                if result.is_ok() {
                    self.vector = clone;
                }
                self.settle(result, |_| ());
            }
            _ => self.vector.reverse_both(&mut self.reference),
        }
    }

    fn compare(&self) {
        assert!(self.vector.iter().map(|counted| counted.value).eq(self.reference.iter().copied()));
        assert!(self.vector.capacity() >= self.vector.len());
        assert_eq!(self.count.now(), self.reference.len() as isize, "every value lives once");
    }
}

trait ReverseBoth {
    fn reverse_both(&mut self, reference: &mut Reference<u32>);
}

impl<A: Allocator> ReverseBoth for Vec<Counted<'_>, A> {
    fn reverse_both(&mut self, reference: &mut Reference<u32>) {
        self.reverse();
        reference.reverse();
    }
}

fn sequences<A: Allocator>(seed: u64) -> u32 {
    let (sequences, steps) = if cfg!(miri) { (1, 25) } else { (200, 300) };
    let mut failed = 0;
    for sequence in 0..sequences {
        let count = Count::default();
        let mut random = Random(seed + sequence);
        on_machine(|machine, switch: &Switch| {
            let mut both = Both::<A>::new(&count);
            for _ in 0..steps {
                switch.set(random.below(4) == 0);
                both.step(&mut random);
                switch.set(false);
                both.compare();
            }
            machine.audit().unwrap();
            failed += both.failed;
        });
        assert_eq!(count.now(), 0, "seed {seed}, sequence {sequence}");
    }
    failed
}

#[test]
fn vectors_of_kmalloc_agree_with_std() {
    assert!(sequences::<Kmalloc>(1) > if cfg!(miri) { 0 } else { 1000 }, "requests fail now and then");
}

#[test]
fn vectors_of_kvmalloc_agree_with_std() {
    assert!(sequences::<KVmalloc>(1_000_000) > if cfg!(miri) { 0 } else { 1000 });
}

#[test]
#[cfg_attr(miri, ignore = "no window to map in")]
fn vectors_of_vmalloc_agree_with_std() {
    assert!(sequences::<Vmalloc>(2_000_000) > 1000);
}
