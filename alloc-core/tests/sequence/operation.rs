//! One call of a sequence, as small numbers that any bytes can be read as.

use alloc_core::{MoveKind, ReclaimClass, Scope, Wait};
use arbitrary::Arbitrary;

use super::choices::{Flags, Knobs, Manner, Size, class, move_kind, scope, wait};

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
