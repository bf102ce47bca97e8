//! The record of one sweep, laid out in one shared mapping: plan, seen sets, evidence, texts.
#![expect(unsafe_code, reason = "hands out references into the shared mapping")]

use std::io;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64};

use super::counts::Count;
use super::header::{Header, SLOTS};
use super::map::SharedMap;
use super::record::{Chain, Evidence, Facts, Leak, Quiet, Span, state};
use super::seen::{LEVELS, Seen, Variant};

/// Processes of different builds may share a campaign, but not with different layouts.
const MAGIC: u64 =
    0x6669_7273_7468_6974 ^ 2 ^ ((size_of::<Header>() as u64) << 32) ^ ((size_of::<Chain>() as u64) << 16);
/// The longest text that is kept of one message, in bytes.
const TEXT_MAX: usize = 4096;

/// What the program has of its own that a campaign keeps numbers of.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Sizes {
    /// Counters of its coverage.
    pub(crate) coverage: usize,
    /// Points that its annotated code declares.
    pub(crate) points: usize,
}

/// A campaign mapped into this process.
///
/// # Invariants
/// The mapping is as large as [`Layout`] says for its `chains_max`, and lives as long as the value.
/// A record is written by one process at a time, before the atomic state that publishes it.
#[derive(Debug)]
pub(crate) struct Campaign {
    map: SharedMap,
    layout: Layout,
}

#[derive(Clone, Copy, Debug)]
struct Layout {
    chains_max: usize,
    raw_levels: usize,
    raw_variants: usize,
    stable_levels: usize,
    stable_variants: usize,
    chains: usize,
    frames: usize,
    leaks: usize,
    text: usize,
    coverage: usize,
    /// How many coverage counters the program has.
    coverage_len: usize,
    counts: usize,
    usual: usize,
    passed: usize,
    arms: usize,
    /// How many points annotated code of the program declares.
    points: usize,
    end: usize,
}

impl Layout {
    const RAW_PER_CHAIN: usize = 8;
    const FRAMES_PER_CHAIN: usize = 64;
    const TEXT_PER_CHAIN: usize = 256;
    const ARMS_PER_CHAIN: usize = 32;

    fn new(chains_max: usize, sizes: Sizes) -> Layout {
        let Sizes { coverage: coverage_len, points } = sizes;
        let mut end = 0;
        let mut region = |bytes: usize| {
            let start = end;
            end = (start + bytes).next_multiple_of(4096);
            start
        };
        region(size_of::<Header>());
        let slots = |first: usize| ((first << LEVELS) - first) * 8;
        Layout {
            chains_max,
            raw_levels: region(slots(Self::raw_first(chains_max))),
            raw_variants: region(chains_max * Self::RAW_PER_CHAIN * size_of::<Variant>()),
            stable_levels: region(slots(Self::stable_first(chains_max))),
            stable_variants: region(chains_max * 2 * size_of::<Variant>()),
            chains: region(chains_max * size_of::<Chain>()),
            frames: region(chains_max * Self::FRAMES_PER_CHAIN * 8),
            leaks: region(chains_max * size_of::<Leak>()),
            text: region(chains_max * Self::TEXT_PER_CHAIN),
            coverage: region(coverage_len * 8),
            coverage_len,
            counts: region(SLOTS * points * size_of::<Count>()),
            usual: region(points * size_of::<Count>()),
            passed: region(points),
            arms: region(Self::arms_max(chains_max, points) * 4),
            points,
            end,
        }
    }

    /// How many arms that ran there is room for: none where none is declared.
    fn arms_max(chains_max: usize, points: usize) -> usize {
        if points == 0 { 0 } else { chains_max * Self::ARMS_PER_CHAIN }
    }

    /// The largest level then has four slots for each variant, so no level is ever full.
    fn raw_first(chains_max: usize) -> usize {
        chains_max / 32
    }

    fn stable_first(chains_max: usize) -> usize {
        chains_max / 128
    }
}

// SAFETY: the cells of the header, slots and chains follow the invariant above.
unsafe impl Sync for Campaign {}

impl Campaign {
    /// A new campaign of at most `chains_max` chains, rounded up to a power of two of at least 1024.
    ///
    /// # Errors
    /// When the operating system refuses the mapping.
    pub(crate) fn create(chains_max: usize, sizes: Sizes) -> io::Result<Campaign> {
        let layout = Layout::new(chains_max.next_power_of_two().max(1024), sizes);
        let campaign = Campaign { map: SharedMap::create(layout.end)?, layout };
        campaign.header().chains_max.store(layout.chains_max as u32, Relaxed);
        campaign.header().coverage.store(sizes.coverage as u32, Relaxed);
        campaign.header().points.store(sizes.points as u32, Relaxed);
        campaign.header().magic.store(MAGIC, Release);
        Ok(campaign)
    }

    /// The campaign that another process shares at `path`.
    ///
    /// # Errors
    /// When it cannot be opened, or is not a campaign of this version.
    #[cfg(not(firsthit_portable))]
    pub(crate) fn open(path: &std::path::Path) -> io::Result<Campaign> {
        let map = SharedMap::open(path)?;
        // SAFETY: a mapping of at least one page, zeroed or a campaign: both are a valid `Header`.
        let header = unsafe { map.at::<Header>(0, 1).as_ref() };
        if header.magic.load(Acquire) != MAGIC {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is not a firsthit campaign of this version"));
        }
        let number = |field: &AtomicU32| field.load(Relaxed) as usize;
        let sizes = Sizes { coverage: number(&header.coverage), points: number(&header.points) };
        let layout = Layout::new(number(&header.chains_max), sizes);
        Ok(Campaign { map, layout })
    }

    /// Where another process finds this campaign.
    #[cfg(not(firsthit_portable))]
    pub(crate) fn path(&self) -> String {
        self.map.path()
    }

    pub(crate) fn header(&self) -> &Header {
        // SAFETY: the region is the header's, zeroed memory is a valid one, and it is only shared.
        unsafe { self.map.at::<Header>(0, 1).as_ref() }
    }

    fn slice<T>(&self, offset: usize, count: usize) -> &[T] {
        // SAFETY: the region holds `count` values for which zeroed memory is valid, and it is only shared.
        unsafe { std::slice::from_raw_parts(self.map.at::<T>(offset, count).as_ptr(), count) }
    }

    fn levels(&self, offset: usize, first: usize) -> [&[AtomicU64]; LEVELS] {
        std::array::from_fn(|level| self.slice(offset + ((first << level) - first) * 8, first << level))
    }

    /// Raw addresses of this process tree to chain numbers.
    pub(crate) fn raw(&self) -> Seen<'_> {
        Seen {
            control: &self.header().raw,
            levels: self.levels(self.layout.raw_levels, Layout::raw_first(self.layout.chains_max)),
            variants: self.slice(self.layout.raw_variants, self.layout.chains_max * Layout::RAW_PER_CHAIN),
        }
    }

    /// Stable identities to chain numbers.
    pub(crate) fn stable(&self) -> Seen<'_> {
        Seen {
            control: &self.header().stable,
            levels: self.levels(self.layout.stable_levels, Layout::stable_first(self.layout.chains_max)),
            variants: self.slice(self.layout.stable_variants, self.layout.chains_max * 2),
        }
    }

    /// Every chain that has a number; those being written are in state `EMPTY`.
    pub(crate) fn chains(&self) -> &[Chain] {
        let known = (self.header().chains.load(Acquire) as usize).min(self.layout.chains_max);
        self.slice(self.layout.chains, known)
    }

    /// The state of a chain that could be failed: planned, or proposed to who follows the campaign.
    pub(crate) fn to_be_failed(&self) -> u32 {
        if self.header().follower.follows.load(Relaxed) == 0 { state::PLANNED } else { state::PROPOSED }
    }

    /// Takes the next number, writes down what the chain is, and publishes it in state `published`.
    pub(crate) fn add_chain(&self, published: u32, quiet: Quiet, facts: Facts) -> Option<u32> {
        let number = self.take(&self.header().chains, 1, self.layout.chains_max)?;
        let chain = &self.chains()[number as usize];
        // SAFETY: the number is this call's alone, and readers leave the facts alone while it is `EMPTY`.
        unsafe { *chain.facts.get() = facts };
        chain.quiet.store(quiet as u32, Relaxed);
        chain.state.store(published, Release);
        Some(number)
    }

    fn take(&self, pool: &AtomicU32, count: usize, capacity: usize) -> Option<u32> {
        let taken = pool.fetch_update(AcqRel, Acquire, |used| {
            let end = used as usize + count;
            (end <= capacity).then_some(end as u32)
        });
        if taken.is_err() {
            self.header().full.store(1, Relaxed);
        }
        taken.ok()
    }

    /// The number of the module with this identity, which is written down with its path if it is new here.
    pub(crate) fn module(&self, id: u64, path: &[u8]) -> Option<usize> {
        let id = id.max(1);
        self.header().modules.iter().position(|module| match module.id.compare_exchange(0, id, AcqRel, Acquire) {
            Ok(_) => {
                let span = self.add_text(path);
                // SAFETY: the place is this call's alone until it is marked as named.
                unsafe { *module.path.get() = span };
                module.named.store(1, Release);
                true
            }
            Err(there) => there == id,
        })
    }

    /// The identity and path of every module.
    pub(crate) fn modules(&self) -> Vec<(u64, String)> {
        let known = self.header().modules.iter().take_while(|module| module.id.load(Acquire) != 0);
        known
            .map(|module| {
                let named = module.named.load(Acquire) != 0;
                // SAFETY: written before it was marked as named.
                let path = named.then(|| self.text(unsafe { *module.path.get() }));
                (module.id.load(Acquire), path.unwrap_or_default())
            })
            .collect()
    }

    /// Whether something found no room, so that the campaign is not complete.
    pub(crate) fn overflowed(&self) -> bool {
        self.header().full.load(Relaxed) != 0 || self.raw().overflowed() || self.stable().overflowed()
    }

    /// How many chains there is room for.
    pub(crate) fn chains_max(&self) -> usize {
        self.layout.chains_max
    }

    /// Keeps a list of module-relative addresses.
    pub(crate) fn add_frames(&self, frames: impl ExactSizeIterator<Item = u64>) -> Span {
        let pool: &[AtomicU64] = self.slice(self.layout.frames, self.layout.chains_max * Layout::FRAMES_PER_CHAIN);
        let len = frames.len();
        let Some(start) = self.take(&self.header().frames, len, pool.len()) else { return Span::default() };
        for (place, frame) in pool[start as usize..].iter().zip(frames) {
            place.store(frame, Relaxed);
        }
        Span { start, len: len as u32 }
    }

    /// The addresses of a span that `add_frames` gave.
    pub(crate) fn frames(&self, span: Span) -> Vec<u64> {
        let pool: &[AtomicU64] = self.slice(self.layout.frames, self.layout.chains_max * Layout::FRAMES_PER_CHAIN);
        pool[span.start as usize..][..span.len as usize].iter().map(|frame| frame.load(Relaxed)).collect()
    }

    /// Keeps the first bytes of a text.
    pub(crate) fn add_text(&self, text: &[u8]) -> Span {
        let text = &text[..text.len().min(TEXT_MAX)];
        let pool: &[AtomicU8] = self.slice(self.layout.text, self.layout.chains_max * Layout::TEXT_PER_CHAIN);
        let Some(start) = self.take(&self.header().text, text.len(), pool.len()) else { return Span::default() };
        for (place, byte) in pool[start as usize..].iter().zip(text) {
            place.store(*byte, Relaxed);
        }
        Span { start, len: text.len() as u32 }
    }

    /// The text of a span that `add_text` gave; bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self, span: Span) -> String {
        let pool: &[AtomicU8] = self.slice(self.layout.text, self.layout.chains_max * Layout::TEXT_PER_CHAIN);
        let bytes: Vec<u8> =
            pool[span.start as usize..][..span.len as usize].iter().map(|byte| byte.load(Relaxed)).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What the children counted of the program's coverage, counter by counter.
    pub(crate) fn coverage(&self) -> &[AtomicU64] {
        self.slice(self.layout.coverage, self.layout.coverage_len)
    }

    /// How often the process of a slot passed each point in its last run.
    #[inline(always)]
    pub(crate) fn counts(&self, slot: usize) -> &[Count] {
        let row = self.layout.points * size_of::<Count>();
        self.slice(self.layout.counts + slot.min(SLOTS - 1) * row, self.layout.points)
    }

    /// How often each point is passed in a first run without a failure.
    pub(crate) fn usual(&self) -> &[Count] {
        self.slice(self.layout.usual, self.layout.points)
    }

    /// What any process of the sweep has seen of each point.
    #[inline(always)]
    pub(crate) fn passed(&self) -> &[AtomicU8] {
        self.slice(self.layout.passed, self.layout.points)
    }

    /// Keeps a list of arms; where there is no room, that it was lost.
    pub(crate) fn add_arms(&self, arms: &[u32]) -> Span {
        let pool: &[AtomicU32] =
            self.slice(self.layout.arms, Layout::arms_max(self.layout.chains_max, self.layout.points));
        let taken = self.header().arms.fetch_update(AcqRel, Acquire, |used| {
            let end = used as usize + arms.len();
            (end <= pool.len()).then_some(end as u32)
        });
        let Ok(start) = taken else {
            self.header().arms_lost.fetch_add(1, Relaxed);
            return Span::default();
        };
        for (place, arm) in pool[start as usize..].iter().zip(arms) {
            place.store(*arm, Relaxed);
        }
        Span { start, len: arms.len() as u32 }
    }

    /// The arms of a span that `add_arms` gave.
    pub(crate) fn arms(&self, span: Span) -> Vec<u32> {
        let pool: &[AtomicU32] =
            self.slice(self.layout.arms, Layout::arms_max(self.layout.chains_max, self.layout.points));
        pool[span.start as usize..][..span.len as usize].iter().map(|arm| arm.load(Relaxed)).collect()
    }

    /// Keeps a list of leaks.
    pub(crate) fn add_leaks(&self, leaks: &[Leak]) -> Span {
        let Some(start) = self.take(&self.header().leaks, leaks.len(), self.layout.chains_max) else {
            return Span::default();
        };
        let pool = self.map.at::<Leak>(self.layout.leaks, self.layout.chains_max);
        for (place, leak) in leaks.iter().enumerate() {
            // SAFETY: the places are this call's alone until the span is published.
            unsafe { pool.add(start as usize + place).write(*leak) };
        }
        Span { start, len: leaks.len() as u32 }
    }

    /// The leaks of a span that `add_leaks` gave.
    pub(crate) fn leaks(&self, span: Span) -> &[Leak] {
        &self.slice(self.layout.leaks, self.layout.chains_max)[span.start as usize..][..span.len as usize]
    }

    /// What a chain is; `None` while it is being written.
    pub(crate) fn facts(&self, chain: &Chain) -> Option<Facts> {
        // SAFETY: written before the state left `EMPTY`, and never again.
        (chain.state.load(Acquire) != state::EMPTY).then(|| unsafe { *chain.facts.get() })
    }

    /// The evidence of a chain that is `DONE`.
    pub(crate) fn evidence(&self, chain: &Chain) -> Evidence {
        // SAFETY: the evidence was written before `DONE`, and nobody writes it afterwards.
        unsafe { *chain.evidence.get() }
    }

    /// Completes a chain with its evidence: from here on no death of a process loses it.
    pub(crate) fn complete(&self, chain: &Chain, evidence: Evidence) {
        // SAFETY: the caller holds the chain in state `RUNNING`, so nobody else writes it and nobody reads it.
        unsafe { *chain.evidence.get() = evidence };
        chain.state.store(state::DONE, Release);
    }
}
