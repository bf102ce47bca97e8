//! What the calls of a sequence are about, as small numbers that any bytes can be read as: flags, sizes, orders, knobs.

use alloc_core::{Gfp, MoveKind, Order, ReclaimClass, Scope, Wait};
use arbitrary::Arbitrary;

/// Flags that are mostly sensible: a composite and up to two more.
#[derive(Arbitrary, Clone, Copy, Debug, Default)]
pub struct Flags {
    pub composite: u8,
    pub more: [u8; 2],
}

impl Flags {
    pub fn gfp(self) -> Gfp {
        let composites =
            [Gfp::KERNEL, Gfp::NOFS, Gfp::NOIO, Gfp::ATOMIC, Gfp::NOWAIT, Gfp::USER_MOVABLE, Gfp::USER, Gfp::NONE];
        let composite = composites[usize::from(self.composite) % composites.len()];
        let more = self.more.into_iter().filter_map(|more| Gfp::NAMES.get(usize::from(more & 31)));
        more.fold(composite, |flags, (_, more)| flags | *more)
    }
}

/// An order, mostly a small one.
pub fn order(order: u8) -> Order {
    Order::new(if order < 240 { u32::from(order % 12) } else { u32::from(order - 230) })
}

/// A number of bytes: some pages, or what no machine has.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Size {
    Bytes(u16),
    Pages(u8),
    PowerOfTwo(u8),
    OneLessThanPowerOfTwo(u8),
    BelowTheLargest(u16),
}

impl Size {
    pub fn bytes(self) -> usize {
        match self {
            Size::Bytes(bytes) => usize::from(bytes),
            Size::Pages(pages) => usize::from(pages) * alloc_core::PAGE_SIZE,
            Size::PowerOfTwo(power) => 1 << (power % 64),
            Size::OneLessThanPowerOfTwo(power) => (1 << (power % 64)) - 1,
            Size::BelowTheLargest(less) => usize::MAX - usize::from(less),
        }
    }
}

/// The knobs of injected failures.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Knobs {
    pub probability: u8,
    pub interval: u8,
    pub times: Option<u8>,
    pub space: u16,
    pub task_filter: bool,
    pub ignore_gfp_wait: bool,
    pub min_order: u8,
    pub inject_nofail: bool,
    pub seed: u8,
    /// The source asks the machine questions, and for a page, while it is asked itself.
    pub curious: bool,
}

/// What a cache does when it is asked for pages, beyond giving them.
#[derive(Arbitrary, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    Honest,
    /// It asks the machine for a page first.
    TakesFirst,
    /// It gives another machine's page, too.
    GivesForeign,
    /// It is registered no longer when it returns.
    Leaves,
    /// It has the machine do background work.
    Busy,
}

type Bytes<'a, 'b> = &'a mut arbitrary::Unstructured<'b>;

pub fn wait(bytes: Bytes<'_, '_>) -> arbitrary::Result<Wait> {
    bytes.choose(&[Wait::Never, Wait::OnePass, Wait::Forever]).copied()
}

pub fn scope(bytes: Bytes<'_, '_>) -> arbitrary::Result<Scope> {
    bytes.choose(&Scope::ALL).copied()
}

pub fn move_kind(bytes: Bytes<'_, '_>) -> arbitrary::Result<MoveKind> {
    bytes
        .choose(&[MoveKind::ExpandThenShrink, MoveKind::AtOnce, MoveKind::Uncounted, MoveKind::CountedIfDisjoint])
        .copied()
}

pub fn class(bytes: Bytes<'_, '_>) -> arbitrary::Result<ReclaimClass> {
    bytes.choose(&[ReclaimClass::Clean, ReclaimClass::Fs, ReclaimClass::Io]).copied()
}
