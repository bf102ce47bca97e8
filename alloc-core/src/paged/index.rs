//! Where each page of a file is: a radix tree, whose nodes are pages of the machine.

use super::bytes;
use super::table::Table;
use crate::machine::Machine;
use crate::page::pages::Pages;

/// Bits of a page's number that a node tells apart.
const BITS: u32 = 9;

/// Entries of a node: they fill a page.
const FAN: usize = 1 << BITS;

/// Levels at most: enough for the pages of 2^63 bytes.
const LEVELS_MAX: usize = 6;

/// Where a page is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Entry {
    /// Nowhere: it reads as zeroes.
    Hole,
    /// In memory, under a number.
    Cached(u32),
    /// In a slot of the swap.
    Out(u32),
}

/// An entry as a node has it, where it may also be a node of the next level.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Entry(Entry),
    Node(u32),
}

impl Word {
    const EMPTY: Word = Word::Entry(Entry::Hole);

    fn encode(self) -> u64 {
        let (number, tag) = match self {
            Word::Entry(Entry::Hole) => return 0,
            Word::Entry(Entry::Cached(number)) => (number, 1),
            Word::Entry(Entry::Out(slot)) => (slot, 2),
            Word::Node(node) => (node, 3),
        };
        u64::from(number) << 2 | tag
    }

    fn decode(word: u64) -> Word {
        let number = (word >> 2) as u32;
        match word & 3 {
            0 => Word::EMPTY,
            1 => Word::Entry(Entry::Cached(number)),
            2 => Word::Entry(Entry::Out(number)),
            _ => Word::Node(number),
        }
    }
}

/// A node: a page of words.
#[derive(Debug)]
struct Node {
    page: Pages,
    /// Words that are not empty.
    used: u16,
}

/// New nodes that a page needs at most: a tree of one level grows to the top, and gets a second way down.
pub(super) const MISSING_MAX: usize = 2 * LEVELS_MAX;

/// The tree. It is as high as its largest page needs, and has no node that is empty.
#[derive(Debug)]
pub(super) struct Index {
    nodes: Table<Node>,
    root: Option<u32>,
    height: u32,
}

/// Levels that a tree with a page needs.
fn levels(page: u64) -> u32 {
    (u64::BITS - page.leading_zeros()).div_ceil(BITS).max(1)
}

/// The place of a page's way in a node of a level, the lowest of which is 0.
fn digit(page: u64, level: u32) -> usize {
    (page >> (BITS * level)) as usize & (FAN - 1)
}

impl Index {
    /// An empty tree, with room for so many nodes.
    pub(super) fn new(nodes: usize) -> Option<Index> {
        Some(Index { nodes: Table::new(nodes)?, root: None, height: 0 })
    }

    /// Nodes in all.
    pub(super) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    fn word(&self, machine: &Machine, node: u32, place: usize) -> Word {
        let Some(node) = self.nodes.get(node) else { return Word::EMPTY };
        let word = bytes::of(machine, &node.page)[place * 8..].first_chunk();
        word.map_or(Word::EMPTY, |word| Word::decode(u64::from_le_bytes(*word)))
    }

    /// Replaces a word; how many words of the node are not empty then.
    fn put(&mut self, machine: &Machine, node: u32, place: usize, word: Word) -> u16 {
        let before = self.word(machine, node, place);
        let Some(node) = self.nodes.get_mut(node) else { return 0 };
        bytes::of_mut(machine, &mut node.page)[place * 8..][..8].copy_from_slice(&word.encode().to_le_bytes());
        node.used += u16::from(word != Word::EMPTY);
        node.used -= u16::from(before != Word::EMPTY);
        node.used
    }

    /// The node on a page's way that is on a level, if the way goes so far; or the lowest that there is, and its level.
    fn lowest(&self, machine: &Machine, page: u64) -> Option<(u32, u32)> {
        let (mut node, mut level) = (self.root?, self.height - 1);
        if levels(page) > self.height {
            return None;
        }
        while level > 0 {
            match self.word(machine, node, digit(page, level)) {
                Word::Node(next) => (node, level) = (next, level - 1),
                Word::Entry(_) => break,
            }
        }
        Some((node, level))
    }

    /// Where a page is.
    pub(super) fn get(&self, machine: &Machine, page: u64) -> Entry {
        match self.lowest(machine, page) {
            Some((node, 0)) => match self.word(machine, node, digit(page, 0)) {
                Word::Entry(entry) => entry,
                Word::Node(_) => Entry::Hole,
            },
            _ => Entry::Hole,
        }
    }

    /// New nodes that the tree needs before it can say where a page is.
    pub(super) fn missing(&self, machine: &Machine, page: u64) -> usize {
        let levels = levels(page);
        let missing = match self.lowest(machine, page) {
            Some((_, level)) => level,
            None if self.root.is_none() => levels,
            // The tree grows to the page's height, and gets a second way below its new root.
            None => levels - self.height + levels - 1,
        };
        missing as usize
    }

    /// Says where a page is, with as many nodes of `supply` as are missing; whether they were enough.
    pub(super) fn set(&mut self, machine: &Machine, page: u64, entry: Entry, supply: &mut [Option<Pages>]) -> bool {
        let mut fresh = supply.iter_mut().filter_map(Option::take);
        if self.root.is_none() {
            self.height = levels(page);
        }
        while self.root.is_none() || self.height < levels(page) {
            let Some(node) = self.node(fresh.next()) else { return false };
            if let Some(root) = self.root {
                self.put(machine, node, 0, Word::Node(root));
                self.height += 1;
            }
            self.root = Some(node);
        }
        while let Some((lowest, level)) = self.lowest(machine, page) {
            if level == 0 {
                self.put(machine, lowest, digit(page, 0), Word::Entry(entry));
                return true;
            }
            let Some(node) = self.node(fresh.next()) else { return false };
            self.put(machine, lowest, digit(page, level), Word::Node(node));
        }
        false
    }

    fn node(&mut self, page: Option<Pages>) -> Option<u32> {
        self.nodes.put(Node { page: page?, used: 0 }).ok()
    }

    /// Makes a hole of a page. Nodes that are empty then are given to `give`.
    pub(super) fn clear(&mut self, machine: &Machine, page: u64, give: &mut dyn FnMut(Pages)) {
        let Some(root) = self.root.filter(|_| levels(page) <= self.height) else { return };
        let mut way = [root; LEVELS_MAX];
        for level in (1..self.height).rev() {
            match self.word(machine, way[level as usize], digit(page, level)) {
                Word::Node(next) => way[level as usize - 1] = next,
                Word::Entry(_) => return,
            }
        }
        for level in 0..self.height {
            let node = way[level as usize];
            if self.put(machine, node, digit(page, level), Word::EMPTY) > 0 {
                break;
            }
            self.end(node, give);
            if level + 1 == self.height {
                (self.root, self.height) = (None, 0);
            }
        }
        // A root that has nothing but its first word is one level too many.
        while let Some(root) = self.root.filter(|_| self.height > 1) {
            let only = self.nodes.get(root).is_some_and(|node| node.used == 1);
            let Word::Node(first) = self.word(machine, root, 0) else { break };
            if !only {
                break;
            }
            self.end(root, give);
            (self.root, self.height) = (Some(first), self.height - 1);
        }
    }

    fn end(&mut self, node: u32, give: &mut dyn FnMut(Pages)) {
        if let Some(node) = self.nodes.take(node) {
            give(node.page);
        }
    }

    /// The first page from `from` on that is no hole, and where it is.
    pub(super) fn next(&self, machine: &Machine, from: u64) -> Option<(u64, Entry)> {
        let root = self.root.filter(|_| levels(from) <= self.height)?;
        self.next_below(machine, root, self.height - 1, 0, from)
    }

    /// The same, below a node whose first page is `base`.
    fn next_below(&self, machine: &Machine, node: u32, level: u32, base: u64, from: u64) -> Option<(u64, Entry)> {
        let first = if from > base { digit(from, level) } else { 0 };
        (first..FAN).find_map(|place| {
            let begin = base + ((place as u64) << (BITS * level));
            match self.word(machine, node, place) {
                Word::EMPTY => None,
                Word::Entry(entry) => Some((begin, entry)),
                Word::Node(next) => self.next_below(machine, next, level - 1, begin, from),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gfp::Gfp;
    use crate::node_pages::NodePages;
    use crate::random::Random;
    use crate::units::Order;
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;

    /// The pages that are asked about: near each other, and at the ends of each height.
    fn page(random: &mut Random) -> u64 {
        let near = random.below(3);
        let height = random.below(LEVELS_MAX as u64 + 1) as u32;
        ((1_u64 << (BITS * height).min(51)) - 1).saturating_add(near).min((1 << 51) - 1)
    }

    #[test]
    fn row_091_the_tree_says_where_each_page_is_and_has_no_node_too_many() {
        let machine = Machine::builder().node(NodePages::new(256)).build().unwrap();
        let (mut index, mut model, mut random) = (Index::new(256).unwrap(), BTreeMap::new(), Random::new(7));
        let zeroed = || machine.alloc_pages(Order::ZERO, Gfp::KERNEL | Gfp::ZERO).unwrap().into_pages();
        for round in 0..if cfg!(miri) { 60 } else { 4000 } {
            let page = page(&mut random);
            if random.below(2) == 0 {
                let entry = if random.below(2) == 0 { Entry::Cached(round) } else { Entry::Out(u32::MAX - round) };
                let missing = index.missing(&machine, page);
                let mut supply: Vec<_> = (0..missing).map(|_| Some(zeroed())).collect();
                assert!(index.set(&machine, page, entry, &mut supply), "{page}");
                assert!(supply.iter().all(Option::is_none), "all were needed");
                model.insert(page, entry);
            } else {
                index.clear(&machine, page, &mut |page| machine.free(page).unwrap());
                model.remove(&page);
            }
            let from = self::page(&mut random);
            assert_eq!(index.get(&machine, from), model.get(&from).copied().unwrap_or(Entry::Hole));
            let next = model.range(from..).next().map(|(page, entry)| (*page, *entry));
            assert_eq!(index.next(&machine, from), next, "from {from}");
            assert_eq!(machine.free_pages(None) as usize, 256 - index.nodes());
        }
        for page in model.into_keys() {
            index.clear(&machine, page, &mut |page| machine.free(page).unwrap());
        }
        assert_eq!((index.nodes(), machine.free_pages(None)), (0, 256));
    }
}
