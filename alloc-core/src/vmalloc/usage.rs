//! How much of the window is in use, and how it is made scarce on demand.

use alloc::vec::Vec;

use crate::machine::Machine;

/// What areas use: their numbers, and the addresses and mappings behind them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VmallocUsage {
    /// Areas, and ranges that a [`Machine::exhaust_addresses`] took.
    pub areas: usize,
    /// Pages of them, without the page behind each.
    pub pages: usize,
    /// Pages of the longest free range of all, less the one that is left behind it.
    pub longest_free: usize,
    /// Mappings of the operating system's.
    pub mappings: usize,
    /// Pages that page tables take.
    pub tables: usize,
}

/// Addresses or mappings set aside; given back on drop.
#[derive(Debug)]
#[must_use = "they are given back when the guard is dropped"]
pub struct WindowHoard<'m> {
    machine: &'m Machine,
    ranges: Vec<usize>,
    mappings: usize,
}

impl Drop for WindowHoard<'_> {
    fn drop(&mut self) {
        let mut addresses = self.machine.addresses.lock();
        addresses.mappings -= self.mappings;
        self.ranges.iter().for_each(|begin| addresses.give(*begin));
    }
}

impl Machine {
    /// What areas use at the moment.
    pub fn vmalloc_usage(&self) -> VmallocUsage {
        let addresses = self.addresses.lock();
        let (areas, pages) = addresses.taken();
        VmallocUsage {
            areas,
            pages,
            longest_free: addresses.longest_free(),
            mappings: addresses.mappings,
            tables: addresses.tables.present(),
        }
    }

    /// Takes addresses until no range of more than `longest` pages is free: areas above fail although pages are free.
    pub fn exhaust_addresses(&self, longest: usize) -> WindowHoard<'_> {
        let mut hoard = WindowHoard { machine: self, ranges: Vec::new(), mappings: 0 };
        let mut addresses = self.addresses.lock();
        loop {
            let free = addresses.longest_free();
            let all = addresses.all();
            // The page behind the range is lost to both parts, too.
            let taken =
                if free > longest { addresses.take((free - longest).saturating_sub(1).max(1), all) } else { None };
            let Some(begin) = taken else { break };
            hoard.ranges.push(begin);
        }
        drop(addresses);
        hoard
    }

    /// Takes mappings until `leave` are left: areas of more runs fail although pages and addresses are free.
    pub fn exhaust_mappings(&self, leave: usize) -> WindowHoard<'_> {
        let most = self.raw().policy.mappings_max;
        let mut addresses = self.addresses.lock();
        let mappings = most.saturating_sub(leave).saturating_sub(addresses.mappings);
        addresses.mappings += mappings;
        WindowHoard { machine: self, ranges: Vec::new(), mappings }
    }
}
