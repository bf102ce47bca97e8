//! Which ranges of the window are taken: first fit, with a page left free behind each.

use alloc::vec::Vec;
use core::ops::Range;

use super::tables::PageTables;
use crate::page::frame::FrameList;

/// What an area was before it became a bare pointer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawArea {
    pub(crate) pages: usize,
    pub(crate) size: usize,
    pub(crate) blocks: FrameList,
    pub(crate) mappings: usize,
    pub(crate) tables: usize,
}

/// A range that is taken.
#[derive(Clone, Copy, Debug)]
struct Taken {
    begin: usize,
    pages: usize,
    raw: Option<RawArea>,
}

impl Taken {
    /// Where the next range may begin: behind the guard page.
    fn end(&self) -> usize {
        self.begin + self.pages + 1
    }
}

/// The taken ranges of a window, and the mappings in them.
///
/// # Invariants
/// `taken` is sorted, and between the end of a range and the next beginning lies at least one page.
#[derive(Debug)]
pub(crate) struct Addresses {
    pages: usize,
    taken: Vec<Taken>,
    pub(crate) tables: PageTables,
    /// Pages at the beginning that are kept for callers that may not wait.
    pub(crate) prepared: usize,
    pub(crate) mappings: usize,
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Addresses {
    /// A window of `pages` pages, all free.
    pub(crate) fn new(pages: usize) -> Addresses {
        Addresses { pages, taken: Vec::new(), tables: PageTables::new(pages), prepared: 0, mappings: 0 }
    }

    /// The pages that a caller may have: the prepared ones if it may not wait and there are some, and otherwise the others.
    pub(crate) fn room(&self, may_wait: bool) -> Range<usize> {
        if may_wait || self.prepared == 0 { self.prepared..self.pages } else { 0..self.prepared }
    }

    /// Takes `pages` pages and a guard page behind them, all of `room`; `None` if there is no such range, or no memory to
    /// note it.
    pub(crate) fn take(&mut self, pages: usize, room: Range<usize>) -> Option<usize> {
        self.take_where(pages, room, Some)
    }

    /// As [`Addresses::take`], beginning where `next` says: at the first page from the given one on that may be a beginning.
    pub(crate) fn take_where(
        &mut self,
        pages: usize,
        room: Range<usize>,
        next: impl Fn(usize) -> Option<usize>,
    ) -> Option<usize> {
        self.taken.try_reserve(1).ok()?;
        let needed = pages.checked_add(1)?;
        let (mut begin, mut place) = (next(room.start)?, 0);
        for taken in &self.taken {
            if taken.begin.checked_sub(begin).is_some_and(|gap| gap >= needed) {
                break;
            }
            (begin, place) = (next(begin.max(taken.end()))?, place + 1);
        }
        if room.end.checked_sub(begin)? < needed {
            return None;
        }
        // INVARIANT: the range lies behind the one at `place - 1` and its guard page, and ends with its own before the next.
        self.taken.insert(place, Taken { begin, pages, raw: None });
        Some(begin)
    }

    /// All pages of the window.
    pub(crate) fn all(&self) -> Range<usize> {
        0..self.pages
    }

    /// How many ranges are taken, and how many pages.
    pub(crate) fn taken(&self) -> (usize, usize) {
        (self.taken.len(), self.taken.iter().map(|taken| taken.pages).sum())
    }

    /// The most pages that could be taken side by side.
    pub(crate) fn longest_free(&self) -> usize {
        let ends = core::iter::once(0).chain(self.taken.iter().map(Taken::end));
        let begins = self.taken.iter().map(|taken| taken.begin).chain([self.pages]);
        ends.zip(begins).map(|(end, begin)| begin.saturating_sub(end + 1)).max().unwrap_or(0)
    }

    /// Gives the range back that begins at `begin`.
    pub(crate) fn give(&mut self, begin: usize) {
        self.taken.retain(|taken| taken.begin != begin);
    }

    /// Keeps what the area was that begins at `begin`, as long as it is a bare pointer.
    pub(crate) fn keep_raw(&mut self, begin: usize, raw: RawArea) {
        if let Some(taken) = self.taken.iter_mut().find(|taken| taken.begin == begin) {
            taken.raw = Some(raw);
        }
    }

    /// The range that a page lies in: where it begins, and what it was if it is a bare pointer now.
    pub(crate) fn range_of(&mut self, page: usize) -> Option<(usize, &mut Option<RawArea>)> {
        let within = |taken: &&mut Taken| (taken.begin..taken.begin + taken.pages).contains(&page);
        self.taken.iter_mut().find(within).map(|taken| (taken.begin, &mut taken.raw))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn ranges_never_touch_and_the_window_comes_back() {
        let mut random = Random::new(3);
        let mut addresses = Addresses::new(100);
        let mut held: Vec<(usize, usize)> = Vec::new();
        for _ in 0..if cfg!(miri) { 50 } else { 2000 } {
            let pages = random.below(20) as usize + 1;
            if random.below(2) == 0 {
                if let Some(begin) = addresses.take(pages, 0..100) {
                    assert!(begin + pages < 100, "with its guard page");
                    assert!(held.iter().all(|(start, len)| begin + pages < *start || start + len < begin));
                    held.push((begin, pages));
                } else {
                    let mut edges: Vec<(usize, usize)> = held.clone();
                    edges.sort_unstable();
                    edges.push((100, 0));
                    let ends = core::iter::once(0).chain(edges.iter().map(|(start, len)| start + len + 1));
                    assert!(edges.iter().zip(ends).all(|((start, _), end)| *start < end + pages + 1));
                }
            } else if !held.is_empty() {
                let (begin, _) = held.swap_remove(random.below(held.len() as u64) as usize);
                addresses.give(begin);
            }
        }
        held.into_iter().for_each(|(begin, _)| addresses.give(begin));
        assert_eq!(addresses.take(99, 0..100), Some(0));
        assert_eq!(addresses.take(1, 0..100), None);
        assert_eq!(Addresses::new(10).take(usize::MAX, 0..10), None);
        assert_eq!(Addresses::new(0).take(1, 0..0), None);
    }

    #[test]
    fn a_range_begins_where_it_may() {
        let even_from_one = |page: usize| Some((page + 1).next_multiple_of(8) - 1);
        let mut addresses = Addresses::new(100);
        assert_eq!(addresses.take(3, 0..100), Some(0));
        assert_eq!(addresses.take_where(2, 0..100, even_from_one), Some(7));
        assert_eq!(addresses.take_where(2, 0..100, even_from_one), Some(15));
        assert_eq!(addresses.take(2, 0..100), Some(4));
        assert_eq!(addresses.take(5, 0..100), Some(18));
        assert_eq!(addresses.take_where(9, 0..100, even_from_one), Some(31));
        assert_eq!(addresses.take_where(2, 0..100, |_| None), None);
    }

    #[test]
    fn a_room_keeps_its_ranges_and_leaves_the_others_alone() {
        let mut addresses = Addresses::new(100);
        addresses.prepared = 20;
        assert_eq!((addresses.room(false), addresses.room(true)), (0..20, 20..100));
        assert_eq!(addresses.take(30, addresses.room(true)), Some(20));
        assert_eq!(addresses.take(19, addresses.room(false)), Some(0));
        assert_eq!(addresses.take(1, addresses.room(false)), None);
        assert_eq!(addresses.take(48, addresses.room(true)), Some(51));
        addresses.give(0);
        assert_eq!(addresses.take(1, addresses.room(true)), None);
    }
}
