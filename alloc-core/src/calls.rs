//! What a task's calls are part of at the moment: named sites, and policies that replace the machine's.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::policy::Policy;
use crate::sites::SiteId;

/// The number of a policy among those that a machine's requests have followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PolicyId(u32);

impl PolicyId {
    /// The machine's own.
    pub(crate) const OWN: PolicyId = PolicyId(0);
}

/// Every policy that some request of a machine follows, or has followed. Equal ones have one number, so a scope that is
/// opened again and again takes no more room.
#[derive(Debug)]
pub(crate) struct Policies {
    /// The machine's own first.
    all: Vec<Arc<Policy>>,
    /// The policies of sites, by name.
    of_sites: Vec<(&'static str, PolicyId)>,
}

impl Policies {
    /// The machine's own.
    pub(crate) fn new(own: Arc<Policy>) -> Policies {
        Policies { all: Vec::from([own]), of_sites: Vec::new() }
    }

    /// The policy of a number.
    pub(crate) fn at(&self, id: PolicyId) -> &Arc<Policy> {
        self.all.get(id.0 as usize).unwrap_or(&self.all[0])
    }

    /// The number of a policy, in which the points that are the machine's are the machine's.
    pub(crate) fn number(&mut self, policy: &Policy) -> PolicyId {
        let policy = policy.within(&self.all[0]);
        let at = self.all.iter().position(|known| **known == policy).unwrap_or_else(|| {
            self.all.push(Arc::new(policy));
            self.all.len() - 1
        });
        PolicyId(at as u32)
    }

    /// Gives the sites of a name a policy, or takes it from them.
    pub(crate) fn set_of_sites(&mut self, name: &'static str, policy: Option<PolicyId>) {
        self.of_sites.retain(|(known, _)| *known != name);
        self.of_sites.extend(policy.map(|policy| (name, policy)));
    }

    /// The policy of the sites of a name, if they have one.
    pub(crate) fn of_sites(&self, name: &str) -> Option<PolicyId> {
        self.of_sites.iter().find(|(known, _)| *known == name).map(|(_, policy)| *policy)
    }
}

/// One stretch of calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// By which its guard finds it.
    pub(crate) number: u64,
    /// The site's name, if it is one.
    pub(crate) name: Option<&'static str>,
    pub(crate) site: Option<SiteId>,
    pub(crate) policy: Option<PolicyId>,
    /// Whether it was begun in an interrupt. What the interrupted task was inside of does not count there.
    pub(crate) in_interrupt: bool,
}

/// The stretches that a task is inside of, the innermost last.
#[derive(Debug, Default)]
pub(crate) struct Calls(Vec<Call>);

impl Calls {
    /// One more begins.
    pub(crate) fn enter(&mut self, call: Call) {
        self.0.push(call);
    }

    /// One ends, wherever it is.
    pub(crate) fn leave(&mut self, number: u64) {
        self.0.retain(|call| call.number != number);
    }

    /// Whether there are none, as nearly always.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, outermost first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Call> {
        self.0.iter()
    }

    fn innermost<T>(&self, in_interrupt: bool, what: impl Fn(&Call) -> Option<T>) -> Option<T> {
        self.0.iter().rev().filter(|call| call.in_interrupt == in_interrupt).find_map(what)
    }

    /// The innermost site.
    pub(crate) fn site(&self, in_interrupt: bool) -> Option<SiteId> {
        self.innermost(in_interrupt, |call| call.site)
    }

    /// The innermost policy, or the machine's.
    pub(crate) fn policy(&self, in_interrupt: bool) -> PolicyId {
        self.innermost(in_interrupt, |call| call.policy).unwrap_or(PolicyId::OWN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_policies_are_one_and_the_machines_points_stay_the_machines() {
        let own = Policy { mappings_max: 7, rounds_max: 100, release_on_kill: true, ..Policy::kernel() };
        let mut policies = Policies::new(Arc::new(own.clone()));
        let number = policies.number(&Policy::small_may_fail());
        assert_eq!(policies.number(&Policy::small_may_fail()), number);
        assert_eq!(policies.number(&Policy::kernel()), PolicyId::OWN, "but for the machine's points it is the same");
        let expected = Policy { small: crate::Small::MayFail, default_small: crate::Small::MayFail, ..own };
        assert_eq!(**policies.at(number), expected);
        assert_eq!(policies.all.len(), 2);
    }
}
