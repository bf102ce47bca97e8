//! Sorting an array that is larger than memory: parted by pages until a part fits into a window, and sorted there.

use core::cmp::Ordering;

use super::array::PagedArray;
use super::file::PagedFile;
use super::heap_sort::Records;
use super::paged_error::{PagedCause, PagedError};
use super::record::{Record, Room, per_page};
use crate::block::PageBlock;
use crate::context::Scope;
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::random::Random;
use crate::units::{Order, PAGE_SIZE};

/// Pages of the largest window.
const WINDOW_MAX: usize = 256;

/// Parts that wait: the smaller one is always sorted first, so each is at most half of the one before.
const PARTS_MAX: usize = 64;

/// Pages of a file that are pinned, until it is dropped.
struct Pins<'f, 'm> {
    file: &'f mut PagedFile<'m>,
    numbers: [u32; WINDOW_MAX],
    count: usize,
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<'f, 'm> Pins<'f, 'm> {
    /// So many pages, all pinned or none.
    fn new(file: &'f mut PagedFile<'m>, first: u64, count: usize) -> Result<Pins<'f, 'm>, PagedError> {
        let mut pins = Pins { file, numbers: [0; WINDOW_MAX], count: 0 };
        for page in first..first + count as u64 {
            pins.numbers[pins.count] = pins.file.pin(page)?;
            pins.count += 1;
        }
        Ok(pins)
    }
}

impl Drop for Pins<'_, '_> {
    fn drop(&mut self) {
        self.numbers[..self.count].iter().for_each(|number| self.file.unpin(*number));
    }
}

/// A page's copy, and the pin by which it goes back.
struct Copy {
    page: u64,
    number: u32,
    bytes: [u8; PAGE_SIZE],
}

/// The two pages that a part is exchanged between: pinned until it is dropped, so that both can be written back at any time, at once.
struct Ends<'f, 'm> {
    file: &'f mut PagedFile<'m>,
    low: Copy,
    high: Copy,
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<'f, 'm> Ends<'f, 'm> {
    fn new(file: &'f mut PagedFile<'m>, low: u64, high: u64) -> Result<Ends<'f, 'm>, PagedError> {
        let number = file.pin(low)?;
        let other = file.pin(high).inspect_err(|_| file.unpin(number))?;
        let copy = |page, number| Copy { page, number, bytes: [0; PAGE_SIZE] };
        let mut ends = Ends { file, low: copy(low, number), high: copy(high, other) };
        ends.file.copy_out(number, &mut ends.low.bytes);
        ends.file.copy_out(other, &mut ends.high.bytes);
        Ok(ends)
    }

    /// The copy of a page, which is one of the two. Where both are one page there is one copy.
    fn bytes(&mut self, page: u64) -> &mut [u8] {
        if page == self.low.page { &mut self.low.bytes } else { &mut self.high.bytes }
    }

    /// Writes both back.
    fn flush(&mut self) {
        if self.high.page != self.low.page {
            self.file.copy_in(self.high.number, &self.high.bytes);
        }
        self.file.copy_in(self.low.number, &self.low.bytes);
    }

    /// Another page takes the place of one of the two.
    fn go(&mut self, low: bool, page: u64) -> Result<(), PagedError> {
        self.flush();
        let number = self.file.pin(page)?;
        let copy = if low { &mut self.low } else { &mut self.high };
        self.file.unpin(core::mem::replace(&mut copy.number, number));
        copy.page = page;
        self.file.copy_out(number, &mut copy.bytes);
        Ok(())
    }
}

impl Drop for Ends<'_, '_> {
    fn drop(&mut self) {
        self.file.unpin(self.low.number);
        self.file.unpin(self.high.number);
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<T: Record> PagedArray<'_, T> {
    /// Sorts the records. See [`PagedArray::sort_by`].
    ///
    /// # Errors
    /// As [`PagedArray::sort_by`].
    pub fn sort(&mut self) -> Result<(), PagedError>
    where
        T: Ord,
    {
        self.sort_by(T::cmp)
    }

    /// Sorts the records by an order. Equal ones may change places.
    ///
    /// An eighth of the machine's pages is asked for to sort in, 1 MiB at most, or less if there is none, and as many pages of the array
    /// are pinned at a time. Each page goes in and out about as often as the number of windows can be halved.
    ///
    /// # Errors
    /// As [`PagedFile::write`]. The array has the same records then, in some order. So it has if `compare` panics or is no order.
    pub fn sort_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) -> Result<(), PagedError> {
        if self.len() < 2 {
            return Ok(());
        }
        let pages = self.len().div_ceil(per_page::<T>() as u64);
        let machine = self.file.machine();
        let mut block = window(machine, pages)?;
        let mut window = block.order().pages();
        let mut random = Random::new(self.len());
        let mut waiting = [(0, 0); PARTS_MAX];
        let (mut parts, mut part) = (0, (0, self.len()));
        loop {
            let (begin, end) = part;
            let split = if end - begin < 2 {
                None
            } else if pages_of::<T>(begin, end) <= window {
                match self.sort_window(begin, end, &mut block, &mut compare) {
                    Ok(()) => None,
                    // So many cannot be pinned: fewer may be.
                    Err(PagedError {
                        cause: PagedCause::NoSpace | PagedCause::Alloc(AllocError::NoMemory), ..
                    }) if window > 1 => {
                        window /= 2;
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            } else {
                Some(self.part(begin, end, &mut random, &mut compare)?)
            };
            part = match split {
                Some(split) => {
                    let (low, high) = ((begin, split), (split, end));
                    let (small, large) = if split - begin < end - split { (low, high) } else { (high, low) };
                    waiting[parts] = large;
                    parts += 1;
                    small
                }
                None if parts == 0 => return Ok(()),
                None => {
                    parts -= 1;
                    waiting[parts]
                }
            };
        }
    }

    /// Sorts records whose pages fit into a block: they are copied there, and back when they are sorted.
    fn sort_window(
        &mut self,
        begin: u64,
        end: u64,
        block: &mut PageBlock<'_>,
        compare: &mut impl FnMut(&T, &T) -> Ordering,
    ) -> Result<(), PagedError> {
        let first = begin / per_page::<T>() as u64;
        let pins = Pins::new(&mut self.file, first, pages_of::<T>(begin, end) as usize)?;
        let numbers = &pins.numbers[..pins.count];
        for (number, page) in numbers.iter().zip(block.bytes_mut().chunks_mut(PAGE_SIZE)) {
            pins.file.copy_out(*number, page);
        }
        let base = first * per_page::<T>() as u64;
        Records(block.bytes_mut()).sort((begin - base) as usize..(end - base) as usize, compare);
        // All of them are in memory: nothing can fail in between.
        for (number, page) in numbers.iter().zip(block.bytes().chunks(PAGE_SIZE)) {
            pins.file.copy_in(*number, page);
        }
        Ok(())
    }

    /// Exchanges records until those before a place are none larger than a value, and those from there on are none smaller; the place, which
    /// is neither the first nor the end.
    fn part(
        &mut self,
        begin: u64,
        end: u64,
        random: &mut Random,
        compare: &mut impl FnMut(&T, &T) -> Ordering,
    ) -> Result<u64, PagedError> {
        let pivot = self.pivot(begin, end, random, compare)?;
        let each = per_page::<T>() as u64;
        let range = |number: u64| {
            let from = (number % each) as usize * T::SIZE;
            from..from + T::SIZE
        };
        let (mut low, mut high) = (begin, end - 1);
        let mut ends = Ends::new(&mut self.file, low / each, high / each)?;
        loop {
            // Both stop at what is equal, so that many equal ones are parted in halves.
            while low < high && compare(&T::load(&ends.bytes(low / each)[range(low)]), &pivot) == Ordering::Less {
                low += 1;
                if low / each != ends.low.page && low / each != ends.high.page {
                    ends.go(true, low / each)?;
                }
            }
            while low < high && compare(&T::load(&ends.bytes(high / each)[range(high)]), &pivot) == Ordering::Greater {
                high -= 1;
                if high / each != ends.high.page && high / each != ends.low.page {
                    ends.go(false, high / each)?;
                }
            }
            if low >= high {
                break;
            }
            let mut rooms = [low, high].map(|number| {
                let mut room = Room::of::<T>();
                room.bytes::<T>().copy_from_slice(&ends.bytes(number / each)[range(number)]);
                room
            });
            ends.bytes(low / each)[range(low)].copy_from_slice(rooms[1].bytes::<T>());
            ends.bytes(high / each)[range(high)].copy_from_slice(rooms[0].bytes::<T>());
            (low, high) = (low + 1, high - 1);
            if low > high {
                break;
            }
            for (is_low, number) in [(true, low), (false, high)] {
                let page = number / each;
                if page != ends.low.page && page != ends.high.page {
                    ends.go(is_low, page)?;
                }
            }
        }
        ends.flush();
        // Where they met lies one that may be smaller, if it was not compared by the one from below.
        if low == high && compare(&T::load(&ends.bytes(low / each)[range(low)]), &pivot) == Ordering::Less {
            low += 1;
        }
        Ok(low.clamp(begin + 1, end - 1))
    }

    /// A value near the middle: the median of some of them.
    fn pivot(
        &mut self,
        begin: u64,
        end: u64,
        random: &mut Random,
        compare: &mut impl FnMut(&T, &T) -> Ordering,
    ) -> Result<T, PagedError> {
        const SAMPLES: usize = 9;
        let mut samples = [const { None }; SAMPLES];
        for sample in &mut samples {
            *sample = self.load(begin + random.below(end - begin))?;
        }
        let mut above = |samples: &[Option<T>], at: usize| match (&samples[at - 1], &samples[at]) {
            (Some(one), Some(other)) => compare(one, other) == Ordering::Greater,
            _ => false,
        };
        for count in 1..SAMPLES {
            let mut at = count;
            while at > 0 && above(&samples, at) {
                samples.swap(at - 1, at);
                at -= 1;
            }
        }
        Ok(samples[SAMPLES / 2].take().unwrap_or_else(|| unreachable!("it lies before the end")))
    }
}

/// Pages that some records lie in.
fn pages_of<T: Record>(begin: u64, end: u64) -> u64 {
    let each = per_page::<T>() as u64;
    (end - 1) / each - begin / each + 1
}

/// Memory to sort in: an eighth of the machine's for so many pages at most, and the less the scarcer it is.
fn window(machine: &Machine, pages: u64) -> Result<PageBlock<'_>, PagedError> {
    let most = pages.next_power_of_two().min(WINDOW_MAX as u64).min(machine.arena.pages() as u64 / 8).max(1);
    let largest = most.ilog2().min(machine.policy().largest.get());
    let _scope = machine.scope(Scope::NoFs);
    for order in (1..=largest).rev() {
        if let Ok(block) = machine.alloc_pages(Order::new(order), Gfp::KERNEL | Gfp::NORETRY | Gfp::NOWARN) {
            return Ok(block);
        }
    }
    let block = machine.alloc_pages(Order::ZERO, Gfp::KERNEL | Gfp::RETRY_MAYFAIL | Gfp::NOWARN);
    block.map_err(|error| PagedError { at: 0, cause: PagedCause::Alloc(error) })
}
