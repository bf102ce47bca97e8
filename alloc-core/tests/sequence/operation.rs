//! One call of a sequence, as small numbers that any bytes can be read as.

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

/// One call. Numbers of tasks and things count from the first, and begin again behind the last.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Operation {
    Alloc {
        task: u8,
        node: Option<u8>,
        order: u8,
        flags: Flags,
    },
    Begin {
        task: u8,
        node: Option<u8>,
        order: u8,
        flags: Flags,
    },
    Step {
        which: u8,
        times: u8,
    },
    Abandon {
        which: u8,
    },
    Settle,
    Vmalloc {
        task: u8,
        size: Size,
        flags: Flags,
    },
    Kvmalloc {
        task: u8,
        size: Size,
        flags: Flags,
    },
    PoolAlloc {
        task: u8,
        flags: Flags,
    },
    PoolBegin {
        task: u8,
        flags: Flags,
    },
    PoolStep {
        which: u8,
    },
    WaitAlloc {
        task: u8,
        order: u8,
        #[arbitrary(with = wait)]
        wait: Wait,
    },
    Queue {
        task: u8,
        order: u8,
    },
    StepQueued {
        which: u8,
    },
    FinishQueued {
        which: u8,
    },
    LeaveQueue {
        which: u8,
    },
    Free {
        which: u8,
    },
    /// From a block that gives itself back to a token, and from there to a number.
    Loosen {
        which: u8,
    },
    FreeNumber {
        frame: u16,
        order: u8,
    },
    FreeTwice {
        which: u8,
    },
    FreeForeign,
    Spawn {
        adjustment: i16,
        kernel_thread: bool,
        swapped: bool,
        node: u8,
        mems: u8,
    },
    Grow {
        task: u8,
        pages: u8,
    },
    Exit {
        task: u8,
    },
    LockMemory {
        task: u8,
        locked: bool,
    },
    Dying {
        task: u8,
    },
    Exhaust {
        node: u8,
        leave: u16,
    },
    KeepOneIn {
        of: u8,
    },
    Fragment {
        free_permille: u16,
        seed: u8,
    },
    GiveBack {
        which: u8,
        count: u8,
    },
    EndHoard {
        which: u8,
    },
    Open {
        task: u8,
        #[arbitrary(with = scope)]
        scope: Scope,
    },
    Close {
        which: u8,
    },
    Move {
        task: u8,
        mems: u8,
        #[arbitrary(with = move_kind)]
        kind: MoveKind,
    },
    StepMove {
        which: u8,
    },
    FinishMove {
        which: u8,
    },
    Faults {
        knobs: Option<Knobs>,
    },
    TaskFaults {
        task: u8,
        make_it_fail: bool,
        nth: u8,
    },
    Register {
        #[arbitrary(with = class)]
        class: ReclaimClass,
        pages: u8,
        claims: Option<u16>,
        per_scan: u8,
        manner: Manner,
    },
    Unregister {
        which: u8,
    },
    Background,
    Release,
    Kmalloc {
        task: u8,
        size: Size,
        /// The alignment's logarithm.
        align: u8,
        flags: Flags,
    },
    /// As a bare pointer.
    KmallocRaw {
        task: u8,
        size: Size,
        flags: Flags,
    },
    Krealloc {
        which: u8,
        size: Size,
        flags: Flags,
    },
    /// A pointer that may be anything.
    Kfree {
        at: u32,
    },
    /// A pointer that is none any more.
    KfreeTwice {
        which: u8,
    },
    /// A pointer that some cache has not given out.
    FreeToCache {
        which: u8,
        cache: u8,
    },
    Object {
        task: u8,
        cache: u8,
        node: Option<u8>,
        flags: Flags,
    },
    ObjectRaw {
        task: u8,
        cache: u8,
        flags: Flags,
    },
    Prefill {
        task: u8,
        cache: u8,
        objects: u8,
        flags: Flags,
    },
    TakePrefilled {
        which: u8,
    },
    EndPrefilled {
        which: u8,
    },
    Shrink {
        cache: Option<u8>,
    },
    Bulk {
        task: u8,
        blocks: u8,
        flags: Flags,
    },
    BulkBegin {
        task: u8,
        blocks: u8,
        flags: Flags,
    },
    BulkStep {
        which: u8,
    },
    LimitAddresses {
        longest: u16,
    },
    LimitMappings {
        leave: u8,
    },
    EndLimit {
        which: u8,
    },
    MemPolicy {
        task: u8,
        kind: u8,
        mems: u8,
        weight: u8,
        rebind: u8,
    },
    Cpuset {
        mems: u8,
    },
    CpusetAttach {
        which: u8,
        task: u8,
    },
    CpusetMove {
        which: u8,
        mems: u8,
        #[arbitrary(with = move_kind)]
        kind: MoveKind,
    },
    StepCpuset {
        which: u8,
    },
    EndCpusetMove {
        which: u8,
    },
    Budget {
        pages: u16,
    },
    BudgetAttach {
        which: u8,
        task: u8,
    },
    BudgetLimit {
        which: u8,
        pages: u16,
    },
    Account {
        which: u8,
        task: u8,
    },
    EndAccount {
        which: u8,
    },
    Charge {
        which: u8,
        leave: u16,
    },
    EndCharge {
        which: u8,
    },
    Lock {
        which: u8,
        task: u8,
    },
    Unlock {
        which: u8,
    },
    LockOfShrinkers {
        which: u8,
        #[arbitrary(with = class)]
        class: ReclaimClass,
    },
    /// The knobs of one capability, as their directories are read.
    Knobs {
        capability: u8,
        knobs: Knobs,
    },
}

type Bytes<'a, 'b> = &'a mut arbitrary::Unstructured<'b>;

fn wait(bytes: Bytes<'_, '_>) -> arbitrary::Result<Wait> {
    bytes.choose(&[Wait::Never, Wait::OnePass, Wait::Forever]).copied()
}

fn scope(bytes: Bytes<'_, '_>) -> arbitrary::Result<Scope> {
    bytes.choose(&Scope::ALL).copied()
}

fn move_kind(bytes: Bytes<'_, '_>) -> arbitrary::Result<MoveKind> {
    bytes
        .choose(&[MoveKind::ExpandThenShrink, MoveKind::AtOnce, MoveKind::Uncounted, MoveKind::CountedIfDisjoint])
        .copied()
}

fn class(bytes: Bytes<'_, '_>) -> arbitrary::Result<ReclaimClass> {
    bytes.choose(&[ReclaimClass::Clean, ReclaimClass::Fs, ReclaimClass::Io]).copied()
}
