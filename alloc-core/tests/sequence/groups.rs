//! Calls about groups of tasks: cpusets, memory policies and budgets.

use alloc_core::{Interleave, MemPolicy, NodeMask, Rebind};

use super::around::nodes;
use super::operation::Operation;
use super::run::{Run, place};

impl Run<'_, '_> {
    /// The nodes that tasks may use, and which of them they like.
    pub(super) fn of_cpusets(&mut self, operation: Operation) {
        let machine = self.machine;
        match operation {
            Operation::Cpuset { mems } => match machine.cpuset(nodes(mems)) {
                Ok(cpuset) => self.cpusets.push(cpuset),
                Err(_) => assert!((0..self.setup.nodes()).all(|node| mems & (1 << node) == 0)),
            },
            Operation::CpusetAttach { which, task } => {
                let Some(at) = place(&self.cpusets, which) else { return };
                let _ = self.cpusets[at].attach(self.task(task));
            }
            Operation::CpusetMove { which, mems, kind } => {
                let Some(at) = place(&self.cpusets, which) else { return };
                self.cpuset_moves.extend(self.cpusets[at].move_to(nodes(mems), kind));
                assert_ne!(self.cpusets[at].mems(), NodeMask::NONE);
            }
            Operation::StepCpuset { which } => {
                if let Some(at) = place(&self.cpuset_moves, which) {
                    let _ = self.cpuset_moves[at].step();
                }
            }
            Operation::EndCpusetMove { which } => {
                place(&self.cpuset_moves, which).map(|at| self.cpuset_moves.swap_remove(at));
            }
            Operation::MemPolicy { task, kind, mems, weight, rebind } => {
                let node = self.node(weight);
                let policies = [
                    MemPolicy::Default,
                    MemPolicy::Bind(nodes(mems)),
                    MemPolicy::Preferred(node),
                    MemPolicy::Interleave(Interleave::over(nodes(mems)).weighing(node, weight)),
                ];
                let rebind = [Rebind::Remap, Rebind::Relative, Rebind::Static][usize::from(rebind) % 3];
                let policy = policies[usize::from(kind) % 4];
                let _ = machine.run_as(self.task(task), || machine.set_mem_policy(policy, rebind));
            }
            _ => unreachable!("not a call about nodes of tasks"),
        }
    }

    /// Budgets, and who is charged.
    pub(super) fn of_budgets(&mut self, operation: Operation) {
        let machine = self.machine;
        if let Operation::Budget { pages } = operation {
            return self.budgets.extend(machine.memcg(u64::from(pages % 600)));
        }
        match operation {
            Operation::BudgetAttach { which, task } => {
                let Some(at) = place(&self.budgets, which) else { return };
                let _ = self.budgets[at].attach(self.task(task));
            }
            Operation::BudgetLimit { which, pages } => {
                let Some(at) = place(&self.budgets, which) else { return };
                self.budgets[at].set_limit(u64::from(pages % 600));
                assert_eq!(self.budgets[at].limit(), u64::from(pages % 600));
            }
            Operation::Account { which, task } => {
                let Some(at) = place(&self.budgets, which) else { return };
                let guard = machine.run_as(self.task(task), || self.budgets[at].account());
                self.accounts.push(guard);
            }
            Operation::EndAccount { which } => {
                place(&self.accounts, which).map(|at| self.accounts.swap_remove(at));
            }
            Operation::Charge { which, leave } => {
                let Some(at) = place(&self.budgets, which) else { return };
                self.charges.push(self.budgets[at].exhaust(u64::from(leave)));
            }
            Operation::EndCharge { which } => {
                place(&self.charges, which).map(|at| self.charges.swap_remove(at));
            }
            _ => unreachable!("not a call about budgets"),
        }
    }
}
