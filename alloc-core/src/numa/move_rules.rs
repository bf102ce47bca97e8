//! The rules that let an application live with moves of its nodes when nothing looks after it, and who breaks them.

use super::mem_policy::MemPolicy;

/// What an application must not do while its nodes are moved from outside, or behind that, if it is to be sure of what it gets.
///
/// They are what was proposed as an alternative to the kernel's counter: let user space see to it, by these rules. No kernel checks them; see
/// [`Machine::watch_move_rules`](crate::Machine::watch_move_rules).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MoveRule {
    /// It asks for no memory while its nodes are being moved: the nodes that it may use are neither the old nor the new ones.
    NoAllocation,
    /// It sets no memory policy while its nodes are being moved: the move binds it to nodes that it may not have in a moment.
    NoPolicyChange,
    /// It sets no memory policy that it has read before a move: the nodes in it are those of before.
    NoSavedPolicy,
}

impl MoveRule {
    const ALL: [MoveRule; 3] = [MoveRule::NoAllocation, MoveRule::NoPolicyChange, MoveRule::NoSavedPolicy];
}

/// What is known of a task whose moves are watched.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MoveWatch {
    /// To what its policy was bound before the last move.
    before: Option<MemPolicy>,
    /// How often each rule was broken.
    broken: [u64; MoveRule::ALL.len()],
    moves: bool,
}

impl MoveWatch {
    /// A move begins.
    pub(crate) fn begin(&mut self, bound: MemPolicy) {
        if !self.moves {
            self.before = Some(bound);
        }
        self.moves = true;
    }

    /// No move is under way any more.
    pub(crate) fn end(&mut self) {
        self.moves = false;
    }

    /// The task asks for memory: the rule that it breaks.
    pub(crate) fn allocates(&mut self) -> Option<MoveRule> {
        self.moves.then(|| self.note(MoveRule::NoAllocation))
    }

    /// The task sets a policy, and is bound to another one: the rule that it breaks.
    pub(crate) fn sets(&mut self, policy: MemPolicy, bound: MemPolicy) -> Option<MoveRule> {
        if self.moves {
            return Some(self.note(MoveRule::NoPolicyChange));
        }
        let is_saved = self.before == Some(policy) && policy != bound && policy != MemPolicy::Default;
        is_saved.then(|| self.note(MoveRule::NoSavedPolicy))
    }

    /// How often a rule was broken.
    pub(crate) fn broken(&self, rule: MoveRule) -> u64 {
        self.broken[rule as usize]
    }

    fn note(&mut self, rule: MoveRule) -> MoveRule {
        self.broken[rule as usize] += 1;
        rule
    }
}
