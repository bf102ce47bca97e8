//! The side that is checked: a test swept as `test` does it, with nothing kept, and its chains by their addresses.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use firsthit::program::facts::{Function, Standing};

use crate::chains::chain_id::ChainId;
use crate::chains::named::Named;
use crate::results::outcome::Outcome;
use crate::results::swept::Swept;
use crate::running::located::Located;
use crate::running::subject::Subject;
use crate::running::sweep::{Choice, Common, Listener, sweep_and_keep};
use crate::verify::compared::Key;
use crate::verify::end::{End, ProcessEnd};

/// What a sweep says of one test.
#[derive(Debug)]
pub(crate) struct SweptSide {
    pub(crate) swept: Swept,
    /// How each chain's failure ended.
    pub(crate) ends: HashMap<Key, End>,
    /// What is kept of each of them.
    pub(crate) outcomes: HashMap<Key, Outcome>,
    /// All chains that it knows, those that it leaves out among them.
    pub(crate) known: HashSet<Key>,
}

/// Has everything failed that a sweep fails.
struct Heard<'a> {
    workers: &'a dyn Fn() -> usize,
    outcomes: RefCell<HashMap<ChainId, Outcome>>,
}

impl Listener for Heard<'_> {
    fn choose(&self, _: ChainId, _: &Named) -> Choice {
        Choice::Fail
    }

    fn workers(&self) -> usize {
        (self.workers)()
    }

    fn planned(&self, _: usize) {}

    fn outcome(&self, outcome: Outcome, _: &str) {
        self.outcomes.borrow_mut().insert(outcome.id, outcome);
    }
}

/// Sweeps a test.
pub(crate) fn swept_side(subject: &Subject, common: &Common<'_>, workers: &dyn Fn() -> usize) -> SweptSide {
    let heard = Heard { workers, outcomes: RefCell::default() };
    let (swept, recorded) = sweep_and_keep(subject, common, &heard);
    let told = heard.outcomes.into_inner();
    let (mut ends, mut outcomes, mut known) = (HashMap::new(), HashMap::new(), HashSet::new());
    let Some(recorded) = recorded else { return SweptSide { swept, ends, outcomes, known } };
    let followed = recorded.followed();
    let mut located = Located::new(&common.symbols, common.library);
    located.learn(&common.symbols, &followed.modules());
    for number in 0..followed.chains() {
        let Some(chain) = followed.chain(number).filter(|_| followed.standing(number) != Standing::Beside) else {
            continue;
        };
        if chain.function == Function::Spawn {
            continue;
        }
        let key = located.key(&chain.frames, &followed.spawners(&chain));
        known.insert(key.clone());
        if let Some(outcome) = recorded.id(number).and_then(|id| told.get(&id)) {
            let process = followed.evidence(number).map(|evidence| ProcessEnd::new(evidence.ending));
            ends.insert(key.clone(), End { verdict: outcome.verdict, process });
            outcomes.insert(key, outcome.clone());
        }
    }
    SweptSide { swept, ends, outcomes, known }
}
