//! The plan: which chains are to be failed, as new ones are met and replays name one.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::chain::id::Id;
use crate::memory::campaign::Campaign;
use crate::memory::record::{Chain, NONE, Quiet, state};
use crate::memory::seen::Inserted;
use crate::oracle::judge::judge;
use crate::scope::pairs;
use crate::settings::Settings;
use crate::trouble::Trouble;
use crate::verdict::Verdict;

/// Verdicts that another run of the body, at the same time, can bring about.
const DISTURBED: [Verdict; 5] =
    [Verdict::Swallowed, Verdict::Panicked, Verdict::Crashed, Verdict::Corrupted, Verdict::Unusable];

/// The plan of one campaign, as the process that directs it keeps it.
pub(crate) struct Plan<'a> {
    settings: &'a Settings,
    campaign: &'a Campaign,
    /// How many records of chains have been looked at for new ones.
    looked_at: usize,
    /// How many pairs of chains are planned, or done.
    pairs: usize,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(settings: &'a Settings, campaign: &'a Campaign) -> Plan<'a> {
        let undecided = [state::EMPTY, state::FOUND, state::SKIPPED];
        let is_planned = |chain: &&Chain| !undecided.contains(&chain.state.load(Acquire));
        let is_pair = |chain: &Chain| campaign.facts(chain).is_some_and(|facts| facts.after != NONE);
        let pairs = campaign.chains().iter().filter(is_planned).filter(|chain| is_pair(chain)).count();
        Plan { settings, campaign, looked_at: 0, pairs }
    }

    /// Plans again what no process is at any more, because it was killed between its claim of a chain and the
    /// note that tells which; how many there were.
    pub(crate) fn take_back(&self) -> usize {
        let running = |chain: &&Chain| chain.state.load(Acquire) == state::RUNNING;
        self.campaign.chains().iter().filter(running).map(give_back).count()
    }

    /// Plans again, for a process that runs alone, what ended badly beside other workers: a body that uses a file of a
    /// fixed name is disturbed by itself. How many there are.
    pub(crate) fn ask_again(&self) -> usize {
        let baseline = self.campaign.header().baseline().outcome;
        let again = self.campaign.chains().iter().filter(|chain| {
            if chain.state.load(Acquire) != state::DONE || chain.suspected.load(Relaxed) != 0 {
                return false;
            }
            let verdict = judge(&self.campaign.evidence(chain), &baseline);
            let place = Verdict::ALL.iter().position(|known| *known == verdict && DISTURBED.contains(known));
            chain.suspected.store(place.map_or(0, |place| place as u32 + 1), Relaxed);
            place.is_some()
        });
        again.map(|chain| chain.state.store(state::PLANNED_FRESH, Release)).count()
    }

    /// How many chains are still to be failed, counted up to `most`.
    pub(crate) fn left(&self, most: usize) -> usize {
        let open = [state::PLANNED, state::PLANNED_FRESH, state::PLANNED_ACCOUNT];
        let chains = self.campaign.chains().iter();
        chains.filter(|chain| open.contains(&chain.state.load(Acquire))).take(most).count()
    }

    /// Leaves only what the replay token names in the plan.
    ///
    /// # Errors
    /// When it names none of them.
    pub(crate) fn keep_replayed(&self) -> Result<(), Trouble> {
        let Some(token) = self.settings.replay else { return Ok(()) };
        let campaign = self.campaign;
        let mut found = false;
        for chain in campaign.chains() {
            let Some(facts) = campaign.facts(chain) else { continue };
            if facts.id.lo == token.chain {
                found = true;
            } else {
                skip(chain, Quiet::NotReplayed);
            }
        }
        if found {
            return Ok(());
        }
        Err(Trouble::NotReplayed(format!(
            "FIRSTHIT_REPLAY={token}: this sweep meets no such chain\n  help: run the test that printed the token, with \
             `--exact`; after a change of the code, sweep again for new tokens"
        )))
    }

    /// Puts what children met outside of the plan into it, or leaves it out with a reason.
    ///
    /// With `nobody_writes`, a record that is not complete is one whose writer was killed.
    pub(crate) fn look_for_new_chains(&mut self, nobody_writes: bool) {
        let campaign = self.campaign;
        while let Some(chain) = campaign.chains().get(self.looked_at) {
            let facts = campaign.facts(chain);
            if facts.is_none() && !nobody_writes {
                return;
            }
            let number = self.looked_at as u32;
            self.looked_at += 1;
            let Some(facts) = facts else { continue };
            let meant = [state::PLANNED, state::PROPOSED].contains(&chain.state.load(Acquire));
            if meant && campaign.stable().find(facts.id) != Some(number) {
                // Its recorder was killed before it could make the number known; another one gave the chain its own.
                skip(chain, Quiet::Duplicate);
            }
            if chain.state.load(Acquire) != state::FOUND {
                continue;
            }
            let in_recovery = facts.after != NONE;
            let inserted = insert(campaign, pairs::key(campaign, &facts), number);
            if in_recovery {
                // By its own identity everybody finds it, behind whichever failure.
                insert(campaign, facts.id, number);
            }
            let replayed = self.settings.replay.is_none_or(|token| in_recovery && token.second == Some(facts.id.lo));
            if inserted != Inserted::New {
                skip(chain, Quiet::Duplicate);
            } else if in_recovery && self.settings.depth < 2 {
                skip(chain, Quiet::RecoveryOnly);
            } else if !replayed {
                skip(chain, Quiet::NotReplayed);
            } else if in_recovery && self.pairs >= self.settings.pairs_max {
                skip(chain, Quiet::OverLimit);
            } else {
                self.pairs += usize::from(in_recovery);
                chain.state.store(campaign.to_be_failed(), Release);
            }
        }
    }
}

/// Makes the number of an identity known to all processes.
fn insert(campaign: &Campaign, id: Id, number: u32) -> Inserted {
    loop {
        match campaign.stable().insert(id, number) {
            Inserted::Later => std::thread::yield_now(),
            done => return done,
        }
    }
}

/// Takes a chain out of the plan.
fn skip(chain: &Chain, why: Quiet) {
    if chain.state.load(Acquire) != state::SKIPPED {
        chain.quiet.store(why as u32, Relaxed);
        chain.state.store(state::SKIPPED, Release);
    }
}

/// Plans a chain anew that a process was running when it died for another reason.
pub(crate) fn give_back(chain: &Chain) {
    let used_before = chain.attempts.load(Relaxed) > 0;
    chain.state.store(if used_before { state::PLANNED_FRESH } else { state::PLANNED }, Release);
}
