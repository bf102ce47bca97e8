//! Which ranges of the window are taken: first fit, with a page left free behind each.

use alloc::vec::Vec;

/// The taken ranges of a window, and the mappings in them.
///
/// # Invariants
/// `taken` is sorted, and between the end of a range and the next beginning lies at least one page.
#[derive(Debug)]
pub(crate) struct Addresses {
    pages: usize,
    taken: Vec<(usize, usize)>,
    pub(crate) mappings: usize,
}

impl Addresses {
    /// A window of `pages` pages, all free.
    pub(crate) fn new(pages: usize) -> Addresses {
        Addresses { pages, taken: Vec::new(), mappings: 0 }
    }

    /// Takes `pages` pages and a guard page behind them; `None` if there is no such range, or no memory to note it.
    pub(crate) fn take(&mut self, pages: usize) -> Option<usize> {
        self.taken.try_reserve(1).ok()?;
        let room = pages.checked_add(1)?;
        let (mut begin, mut place) = (0, 0);
        for (start, len) in &self.taken {
            if start - begin >= room {
                break;
            }
            (begin, place) = (start + len + 1, place + 1);
        }
        if self.pages.checked_sub(begin)? < room {
            return None;
        }
        // INVARIANT: the range lies behind the one at `place - 1` and its guard page, and ends with its own before the next.
        self.taken.insert(place, (begin, pages));
        Some(begin)
    }

    /// Gives the range back that begins at `begin`.
    pub(crate) fn give(&mut self, begin: usize) {
        self.taken.retain(|(start, _)| *start != begin);
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
        for _ in 0..2000 {
            let pages = random.below(20) as usize + 1;
            if random.below(2) == 0 {
                if let Some(begin) = addresses.take(pages) {
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
        assert_eq!(addresses.take(99), Some(0));
        assert_eq!(addresses.take(1), None);
        assert_eq!(Addresses::new(10).take(usize::MAX), None);
        assert_eq!(Addresses::new(0).take(1), None);
    }
}
