//! The audit of a machine at the end of a body: blocks that were never given back, open scopes, held locks, damaged lists.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::Ordering::Relaxed;

use ::alloc_core::{EventKind, Held, HeldLock, Holder, Machine, OpenCall, OpenScope, TaskId};

use super::mark;
use crate::memory::record::{Leak, NONE};
use crate::scope::shared::{Role, phase};
use crate::scope::thread::{self, ThreadScope};

/// Blocks and findings that are told one by one.
const NAMED_MAX: usize = 4;

/// Looks, when it is dropped, for what a body has left behind in a machine since [`audit`] was called.
///
/// - Blocks and objects that were taken and not given back are `leaked`, if a run without a failure gives them back; blocks with
///   the chains that took them.
/// - A frame or list that is not as it must be, a number that was given back and is no block, a scope that is still open,
///   and a lock that is still held are `corrupted`.
///
/// Outside of a sweep, and in runs without a failure, nothing is said.
#[derive(Debug)]
#[must_use = "the machine is looked at when the audit is dropped"]
pub struct Audit<'m> {
    machine: &'m Machine,
    before: Option<Before>,
}

/// Begins an audit of a machine: to stand in the first line of a body whose machine was built before the sweep, so that it is
/// dropped behind all that the body takes.
///
/// ```
/// # use alloc_core::{AllocError, Gfp, Machine, NodePages, Order};
/// # let machine = Machine::builder().node(NodePages::new(256)).build()?;
/// let body = || -> Result<u64, AllocError> {
///     let _audit = firsthit::alloc_core::audit(&machine);
///     let block = machine.alloc_pages(Order::new(1), Gfp::KERNEL)?;
///     Ok(block.order().pages())
/// };
/// # assert_eq!(body(), Ok(2));
/// # Ok::<(), alloc_core::BuildError>(())
/// ```
pub fn audit(machine: &Machine) -> Audit<'_> {
    Audit { machine, before: Before::of(machine) }
}

impl Drop for Audit<'_> {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            before.compare(self.machine);
        }
    }
}

/// What a machine held when the body began, in a thread that belongs to a sweep.
#[derive(Debug)]
pub(super) struct Before {
    held: BTreeMap<u32, Held>,
    objects: usize,
    scopes: Vec<OpenScope>,
    calls: Vec<OpenCall>,
    locks: Vec<HeldLock>,
    next_event: u64,
}

impl Before {
    pub(super) fn of(machine: &Machine) -> Option<Before> {
        let (thread, _) = thread::observed()?;
        thread.quietly(|| {
            let held = machine.held().into_iter().map(|held| (held.frame.0, held)).collect();
            let (scopes, calls, locks) = (machine.open_scopes(), machine.open_calls(), machine.held_locks());
            Some(Before { held, objects: objects(machine), scopes, calls, locks, next_event: machine.next_event() })
        })
    }

    /// Tells the sweep what has changed since, if a failure was delivered; in a recorder's run, what every run keeps.
    pub(super) fn compare(self, machine: &Machine) {
        let Some((thread, phase)) = thread::observed() else { return };
        thread.quietly(|| {
            match (phase, thread.scope.role) {
                (phase::WALK, Role::Recorder) => self.keep_usual(thread, machine),
                (phase::AFTER, _) => {
                    self.tell_damage(thread, machine);
                    self.tell_lost(thread, machine);
                }
                _ => {}
            }
            // Freed where it was made: unseen.
            drop(self);
        });
    }

    /// The blocks that are held now and were not before, in the order of their frames.
    fn left(&self, machine: &Machine) -> Vec<Held> {
        let is_new = |held: &Held| {
            let by_code =
                matches!(held.holder, Holder::Owner | Holder::Number | Holder::Area | Holder::Kmalloc | Holder::Hoard);
            by_code && self.held.get(&held.frame.0) != Some(held)
        };
        machine.held().into_iter().filter(is_new).collect()
    }

    fn keep_usual(&self, thread: &ThreadScope, machine: &Machine) {
        let objects = objects(machine).saturating_sub(self.objects);
        thread.scope.campaign.header().usual_objects.fetch_max(objects as u32, Relaxed);
        for leak in by_chain(&self.left(machine)) {
            if let Some(chain) = thread.scope.campaign.chains().get(leak.chain as usize) {
                chain.retained.fetch_max(leak.count, Relaxed);
            }
        }
    }

    fn tell_lost(&self, thread: &ThreadScope, machine: &Machine) {
        let left = self.left(machine);
        let mut leaks = by_chain(&left);
        leaks.retain(|leak| {
            let chain = thread.scope.campaign.chains().get(leak.chain as usize);
            chain.is_none_or(|chain| leak.count > chain.retained.load(Relaxed))
        });
        let lost = left.iter().filter(|held| leaks.iter().any(|leak| leak.chain == chain_of(held)));
        let lost: Vec<&Held> = lost.collect();
        let mut text = self.lost_objects(thread, machine).unwrap_or_default();
        if lost.is_empty() && text.is_empty() {
            return;
        }
        let pages: u64 = lost.iter().map(|held| held.order.pages()).sum();
        if pages > 0 {
            let line = if text.is_empty() { "" } else { "\n" };
            let _ = write!(text, "{line}{} of a machine never given back:", counted(pages, "page"));
        }
        for held in lost.iter().take(NAMED_MAX) {
            let task = mark::asker(held.mark).and_then(|asker| asker.task);
            let task = task.map(|task| format!(", taken by {}", named(machine, task)));
            let Held { frame, order, .. } = held;
            let _ = write!(text, "\nframe {}, order {}{}", frame.0, order.get(), task.unwrap_or_default());
            text.push_str(match held.holder {
                Holder::Number => ", a bare number",
                Holder::Area => ", part of a mapped area",
                Holder::Kmalloc => ", by kmalloc",
                Holder::Hoard => ", set aside",
                _ => "",
            });
        }
        and_more(&mut text, lost.len(), "block");
        leaks.retain(|leak| leak.chain != NONE);
        thread.scope.lost(&text, &leaks);
    }

    /// The objects that are out now and were not before, beyond what every run leaves.
    fn lost_objects(&self, thread: &ThreadScope, machine: &Machine) -> Option<String> {
        let usual = thread.scope.campaign.header().usual_objects.load(Relaxed) as usize;
        let lost = objects(machine).checked_sub(self.objects + usual).filter(|lost| *lost > 0)?;
        let held = machine.held_objects();
        let caches: Vec<_> = held.iter().map(|held| format!("{} of {}", held.objects, held.cache)).collect();
        let lost = counted(lost as u64, "object");
        Some(format!("{lost} of a machine never given back; out are {}", caches.join(", ")))
    }

    fn tell_damage(&self, thread: &ThreadScope, machine: &Machine) {
        let broken = machine.audit().err().map(|error| format!("the machine's audit fails at {error}"));
        let mut told: Vec<String> = broken.into_iter().collect();
        told.extend(machine.events_since(self.next_event).into_iter().filter_map(|event| match event.kind {
            EventKind::BadFree(frame, error) => {
                let (order, task) = (event.order.get(), named(machine, event.task));
                Some(format!("frame {}, order {order}, was given back by {task}: {error}", frame.0))
            }
            EventKind::ObjectBroken { cache, at, what } => Some(format!("cache {cache}, object at {at:#x}: {what}")),
            _ => None,
        }));
        let open = machine.open_scopes().into_iter().filter(|open| !self.scopes.contains(open));
        told.extend(open.map(|OpenScope { task, scope, guards }| {
            let guards = if guards > 1 { format!(", {guards} times") } else { String::new() };
            format!("the scope {scope:?} of {} is still open{guards}", named(machine, task))
        }));
        let calls = machine.open_calls().into_iter().filter(|open| !self.calls.contains(open));
        told.extend(calls.map(|OpenCall { task, site, .. }| {
            let what = site.map_or_else(|| "a policy's scope".to_owned(), |site| format!("the site {site}"));
            format!("{what} of {} is still open", named(machine, task))
        }));
        let locks = machine.held_locks().into_iter().filter(|lock| !self.locks.contains(lock));
        told.extend(
            locks.map(|HeldLock { name, holder }| format!("{} still has the lock {name}", named(machine, holder))),
        );
        let mut text = told.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join("\n");
        and_more(&mut text, told.len(), "finding");
        if !text.is_empty() {
            thread.scope.damaged(&text);
        }
    }
}

/// How many objects of all caches are out.
fn objects(machine: &Machine) -> usize {
    machine.held_objects().iter().map(|held| held.objects).sum()
}

/// The chain that asked for a block, as far as it is known.
fn chain_of(held: &Held) -> u32 {
    mark::asker(held.mark).map_or(NONE, |asker| asker.chain)
}

/// Blocks summed up by the chains that took them.
fn by_chain(left: &[Held]) -> Vec<Leak> {
    let mut leaks: BTreeMap<u32, Leak> = BTreeMap::new();
    for held in left {
        let chain = chain_of(held);
        let leak = leaks.entry(chain).or_insert(Leak { chain, ..Leak::default() });
        leak.count += 1;
        leak.bytes += held.order.pages() * ::alloc_core::PAGE_SIZE as u64;
    }
    leaks.into_values().collect()
}

fn named(machine: &Machine, task: TaskId) -> String {
    format!("task {} ({})", task.0, machine.task_name(task).unwrap_or_default())
}

fn and_more(text: &mut String, count: usize, noun: &str) {
    if count > NAMED_MAX {
        let _ = write!(text, "\nand {}", counted((count - NAMED_MAX) as u64, &format!("more {noun}")));
    }
}

fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
