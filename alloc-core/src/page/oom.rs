//! The OOM killer: whom it chooses, what the chosen one may do, and the reaper that takes its pages.

use super::state::State;
use crate::calls::PolicyId;
use crate::event::EventKind;
use crate::gfp::Gfp;
use crate::numa::node_mask::NodeMask;
use crate::task::{Task, TaskId};
use crate::units::Order;

/// What came of asking the killer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OomOutcome {
    /// Memory is on its way: somebody was killed, or is still dying, or the task that asked is.
    Progress,
    /// The policy stops the machine instead of killing.
    Stop,
    /// There is nobody to kill.
    Nobody,
}

/// How often the reaper tries to get at a victim's memory.
const REAP_TRIES_MAX: u32 = 10;

/// How large a task is in the killer's eyes, or `None` if it must not be killed.
fn badness(task: &Task, total_pages: u64) -> Option<i64> {
    let options = &task.options;
    if options.kernel_thread || options.oom_score_adj <= -1000 || task.exited || task.victim {
        return None;
    }
    let size =
        u64::from(task.user_pages.len()).saturating_add(options.swapped_pages).saturating_add(options.page_table_pages);
    let adjustment = i64::from(options.oom_score_adj).saturating_mul(total_pages as i64 / 1000);
    Some(i64::try_from(size).unwrap_or(i64::MAX).saturating_add(adjustment))
}

impl State {
    /// Asks the killer on behalf of a request that follows a policy; `nodes` are those that the request is bound to.
    pub(crate) fn kill_for(
        &mut self,
        policy: PolicyId,
        asking: TaskId,
        nodes: NodeMask,
        order: Order,
        flags: Gfp,
    ) -> OomOutcome {
        let policy = self.policies.at(policy);
        let (stops, kills_asking) = (policy.panic_on_oom, policy.kill_allocating_task);
        // Once the reaper is done with it, a dying task frees no more, and waiting for it is over.
        let dying = self.task(asking).is_some_and(|task| task.dying && !task.exited && !task.reaped);
        if dying {
            self.make_victim(asking);
            return OomOutcome::Progress;
        }
        if self.tasks.iter().any(Task::is_going) {
            return OomOutcome::Progress;
        }
        if stops {
            return OomOutcome::Stop;
        }
        let Some(victim) = self.choose(asking, nodes, kills_asking) else { return OomOutcome::Nobody };
        self.stats.kills += 1;
        let enough = self
            .zones
            .iter()
            .filter(|zone| nodes.has(zone.node))
            .any(|zone| zone.free() > zone.marks.min.saturating_add(order.pages()));
        self.stats.kills_with_free_memory += u64::from(enough);
        self.events.note(EventKind::Killed(victim), asking, order, flags);
        self.make_victim(victim);
        OomOutcome::Progress
    }

    fn choose(&self, asking: TaskId, nodes: NodeMask, kills_asking: bool) -> Option<TaskId> {
        let total = self.managed();
        let candidates = self.tasks.iter().zip(0..).filter_map(|(task, id)| {
            let overlaps = task.reach().overlaps(nodes);
            badness(task, total).filter(|_| overlaps).map(|points| (points, TaskId(id)))
        });
        if kills_asking && candidates.clone().any(|(_, id)| id == asking) {
            return Some(asking);
        }
        candidates.max_by_key(|(points, id)| (*points, core::cmp::Reverse(*id))).map(|(_, id)| id)
    }

    /// The task is to end: it gets a part of the reserves, and the reaper takes its pages.
    pub(crate) fn make_victim(&mut self, id: TaskId) {
        let Some(task) = self.task_mut(id).filter(|task| !task.victim) else { return };
        task.victim = true;
        // It waits for nothing any more.
        self.leave_queue(id);
        self.progress += 1;
        self.reap_wanted = true;
    }

    /// One step of the reaper: takes the pages of every victim whose memory it can get at. Returns whether it did anything.
    pub(crate) fn reap(&mut self) -> bool {
        let mut acted = false;
        for index in 0..self.tasks.len() {
            let task = &mut self.tasks[index];
            if !task.is_going() {
                continue;
            }
            acted = true;
            if task.memory_locked {
                // A try is progress, too: after the last one another victim may be chosen.
                self.progress += 1;
                task.reap_tries += 1;
                task.reaped = task.reap_tries >= REAP_TRIES_MAX;
                continue;
            }
            task.reaped = true;
            task.options.swapped_pages = 0;
            let pages = self.free_user_pages(index);
            self.stats.reaped += 1;
            self.events.note(EventKind::Reaped(pages), TaskId(index as u32), Order::ZERO, Gfp::NONE);
        }
        acted
    }
}
