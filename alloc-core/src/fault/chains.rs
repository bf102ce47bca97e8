//! Fault sources that go by call chains: each fails once, on its first hit; or those fail again that failed then.

use alloc::vec::Vec;
use core::fmt;
use core::num::ParseIntError;
use core::str::FromStr;

use super::source::{FaultSource, Site};
use crate::gfp::Gfp;
use crate::sync::lock::Lock;

/// Return addresses that a chain's number is made of, at most.
const DEPTH_MAX: usize = 64;

/// How call chains are told apart: by the named sites that a request is made in ([`Machine::site`](crate::Machine::site)), and
/// by return addresses.
///
/// alloc-core does not walk stacks: `capture` does, and if it gives addresses less those that their modules are loaded at,
/// a chain has the same number in every run of a program.
#[derive(Clone, Copy, Debug)]
pub struct ChainKey {
    /// Writes the return addresses of the running call, innermost first, and returns how many there are.
    pub capture: fn(&mut [usize]) -> usize,
    /// Addresses that are looked at, innermost first; at most 64.
    pub depth: usize,
    /// Whether requests of one chain with other flags, or of another order, count as another chain.
    pub by_request: bool,
}

impl ChainKey {
    /// Chains of `depth` addresses.
    pub const fn new(depth: usize, capture: fn(&mut [usize]) -> usize) -> ChainKey {
        ChainKey { capture, depth, by_request: false }
    }

    /// Chains of named sites only.
    pub const fn by_sites() -> ChainKey {
        ChainKey::new(0, |_| 0)
    }

    /// The number of the chain that a request is made by (64-bit FNV-1a of what it is made of).
    pub fn of(&self, site: &Site<'_>) -> u64 {
        let mut frames = [0; DEPTH_MAX];
        let depth = self.depth.min(DEPTH_MAX);
        let found = (self.capture)(&mut frames[..depth]).min(depth);
        let request = [site.capability as usize, site.flags.bits() as usize, site.order.index()];
        let request = request.iter().filter(|_| self.by_request);
        let bytes = frames[..found].iter().chain(request).flat_map(|word| word.to_le_bytes());
        // A name's end is a byte that no name has.
        let names = site.sites.iter().flat_map(|name| name.bytes().chain([0xff]));
        bytes
            .chain(names)
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }
}

/// Numbers of chains, in order.
///
/// It grows while a request waits for an answer, perhaps one of the allocator that it would ask: where there is no memory for
/// one more, there is not one more.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Set(Vec<u64>);

impl Set {
    /// Puts a number in; whether it was not there, and is now.
    fn insert(&mut self, number: u64) -> bool {
        let place = self.0.binary_search(&number);
        let goes_in = place.is_err() && self.0.try_reserve(1).is_ok();
        if let (true, Err(place)) = (goes_in, place) {
            self.0.insert(place, number);
        }
        goes_in
    }

    /// Takes a number out; whether it was there.
    fn remove(&mut self, number: u64) -> bool {
        let place = self.0.binary_search(&number);
        place.map(|place| self.0.remove(place)).is_ok()
    }

    /// The smallest number above another one.
    fn above(&self, number: Option<u64>) -> Option<u64> {
        let place = number.map_or(0, |number| self.0.partition_point(|known| *known <= number));
        self.0.get(place).copied()
    }
}

/// Fails each call chain once, when it is first met. Requests with NOFAIL are let through.
///
/// ```
/// use alloc_core::{ChainKey, FirstHit, Gfp, Machine, NodePages, Order};
/// use std::sync::Arc;
/// let source = Arc::new(FirstHit::new(ChainKey::by_sites()));
/// let machine = Machine::builder().node(NodePages::new(256)).faults(source.clone()).build()?;
/// let read = || {
///     let _site = machine.site("read");
///     machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok()
/// };
/// assert_eq!([read(), read()], [false, true]);
/// let _fsck = machine.site("fsck");
/// assert_eq!([read(), read()], [false, true], "fsck > read is another chain");
/// assert_eq!(source.failed(), 2);
/// # Ok::<(), alloc_core::BuildError>(())
/// ```
#[derive(Debug)]
pub struct FirstHit {
    key: ChainKey,
    met: Lock<Set>,
}

impl FirstHit {
    /// A source that has met no chain yet.
    pub fn new(key: ChainKey) -> FirstHit {
        FirstHit { key, met: Lock::default() }
    }

    /// How many chains it has met, each of which has failed.
    pub fn failed(&self) -> usize {
        self.met.lock().0.len()
    }
}

impl FaultSource for FirstHit {
    fn fails(&self, site: &Site<'_>) -> bool {
        !site.flags.contains(Gfp::NOFAIL) && {
            let chain = self.key.of(site);
            self.met.lock().insert(chain)
        }
    }
}

impl fmt::Display for FirstHit {
    /// The numbers of the chains that failed, a line each, as [`Chains`] reads them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let next = |chain: &u64| self.met.lock().above(Some(*chain));
        let first = self.met.lock().above(None);
        core::iter::successors(first, next).try_for_each(|chain| writeln!(f, "{chain:016x}"))
    }
}

/// Numbers of call chains, as a [`FirstHit`] shows them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Chains(Set);

impl FromStr for Chains {
    type Err = ParseIntError;

    /// Reads a number in hexadecimal digits from each line that is not empty.
    fn from_str(text: &str) -> Result<Chains, ParseIntError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut numbers = lines.map(|line| u64::from_str_radix(line, 16)).collect::<Result<Vec<_>, _>>()?;
        numbers.sort_unstable();
        numbers.dedup();
        Ok(Chains(Set(numbers)))
    }
}

/// Fails the given call chains, each once, and no other.
#[derive(Debug)]
pub struct Replay {
    key: ChainKey,
    left: Lock<Set>,
}

impl Replay {
    /// A source that fails these chains, told apart as they were when they were written down.
    pub fn new(key: ChainKey, chains: Chains) -> Replay {
        Replay { key, left: Lock::new(chains.0) }
    }

    /// Chains that were not met yet.
    pub fn left(&self) -> usize {
        self.left.lock().0.len()
    }
}

impl FaultSource for Replay {
    fn fails(&self, site: &Site<'_>) -> bool {
        let chain = self.key.of(site);
        self.left.lock().remove(chain)
    }
}
