//! What is heard of a test's sweep: chains that are named and planned, ends that are judged and told.

use std::collections::HashMap;
use std::sync::Arc;

use firsthit::Verdict;
use firsthit::program::facts::{self, Ending, Function, Standing};

use crate::chains::asked::asked;
use crate::chains::chain_id::ChainId;
use crate::chains::judge::{Case, judge};
use crate::chains::named::{LeftOut, Named, named};
use crate::chains::symbols::Place;
use crate::results::outcome::{First, Leak, Outcome};
use crate::running::located::whole;
use crate::running::sweep::{Choice, Known, Sweep};

impl Sweep<'_> {
    /// Names and plans what was recorded since the last time, and tells what is done.
    pub(super) fn hear(&mut self) {
        let new = self.looked_at..self.followed.chains();
        self.looked_at = new.end;
        let mut proposed = Vec::new();
        for number in std::mem::take(&mut self.unclear).into_iter().chain(new) {
            match self.followed.standing(number) {
                Standing::Unknown | Standing::Met => self.unclear.push(number),
                // It says something of the code that deals with failures, and nothing of runs without one.
                Standing::Beside => {}
                _ => proposed.push(number),
            }
        }
        if !proposed.is_empty() {
            self.decide(&proposed);
        }
        for number in std::mem::take(&mut self.open) {
            match self.followed.evidence(number) {
                Some(evidence) => self.tell(number, &evidence),
                None => self.open.push(number),
            }
        }
        if self.open.is_empty() && !self.closed && !self.has_unheard() {
            self.closed = true;
            self.followed.close();
        } else if !proposed.is_empty() {
            self.followed.ring();
        }
    }

    /// Whether a run that is over has met what nobody has looked at yet. What is still being written then, nobody writes any more.
    fn has_unheard(&self) -> bool {
        let is_met = |number: &usize| !matches!(self.followed.standing(*number), Standing::Unknown | Standing::Beside);
        self.followed.chains() > self.looked_at || self.unclear.iter().any(is_met)
    }

    fn decide(&mut self, proposed: &[usize]) {
        let chains: Vec<_> = proposed.iter().filter_map(|number| self.followed.chain(*number)).collect();
        let frames = self.frames(&chains.iter().map(|chain| chain.frames.as_slice()).collect::<Vec<_>>());
        let first = |chain: &facts::Chain| chain.behind.and_then(|first| self.id_of(first));
        let named = chains.iter().zip(&frames).map(|(chain, frames)| {
            let behind = first(chain);
            Named { behind, ..named(chain, frames, &self.code) }
        });
        let named: Vec<_> = named.collect();
        // A spawner is recorded before what its thread does, and may be recorded together with it.
        let mut ids: HashMap<usize, ChainId> = HashMap::new();
        let has_id = |place: &usize| named[*place].left_out.is_none() || chains[*place].function == Function::Spawn;
        let mut waves: Vec<usize> = (0..named.len()).filter(has_id).collect();
        while !waves.is_empty() {
            let spawner =
                |place: usize| chains[place].spawned_by.map(|by| (by, self.id_of(by).or(ids.get(&by).copied())));
            let (ready, later): (Vec<usize>, Vec<usize>) = waves
                .iter()
                .partition(|place| spawner(**place).is_none_or(|(by, id)| id.is_some() || !proposed.contains(&by)));
            let ready = if ready.is_empty() { later.clone() } else { ready };
            let spawned_by = |place: &usize| spawner(*place).and_then(|(_, id)| id);
            let (second, alone): (Vec<usize>, Vec<usize>) =
                ready.iter().partition(|place| named[**place].behind.is_some());
            let with: Vec<_> = alone.iter().map(|place| (&named[*place], spawned_by(place))).collect();
            let spawners: Vec<_> = second.iter().map(spawned_by).collect();
            let given = self.identities.of(&self.subject.test, &with);
            ids.extend(alone.iter().map(|place| proposed[*place]).zip(given));
            for (place, spawned_by) in second.into_iter().zip(spawners) {
                let named = &named[place];
                let behind = named.behind.map(|first| self.identities.behind(first, named, spawned_by));
                ids.extend(behind.map(|id| (proposed[place], id)));
            }
            waves.retain(|place| !ready.contains(place));
        }
        self.known.resize_with(self.followed.chains().max(self.known.len()), || None);
        for (number, named) in proposed.iter().zip(named) {
            let id = ids.get(number).copied().unwrap_or(ChainId(0));
            let open = self.plan(*number, id, &named);
            self.open.extend(open.then_some(*number));
            self.to_fail += usize::from(open || self.told.contains(&id));
            self.known[*number] = Some(Known { id, named });
        }
        self.listener.planned(self.to_fail);
    }

    fn id_of(&self, number: usize) -> Option<ChainId> {
        self.known.get(number)?.as_ref().map(|known| known.id)
    }

    /// Whether the chain is failed; one that is not is left out and counted.
    fn plan(&mut self, number: usize, id: ChainId, named: &Named) -> bool {
        if named.request.function == "pthread_create" {
            return false;
        }
        if let Some(first) = named.behind {
            return self.plan_second(number, id, named, first);
        }
        self.chains.known += 1;
        let choice = match named.left_out {
            Some(why) => Err(why),
            // What is behind a failure is met only where that is delivered once more.
            None if self.told.contains(&id) && self.common.depth == 1 => Ok(Choice::Done),
            None => Ok(self.listener.choose(id, named)),
        };
        let chains = &mut self.chains;
        let count = match choice {
            Err(LeftOut::OutOfScope) => &mut chains.out_of_scope,
            Err(LeftOut::OfTheTest) => &mut chains.of_the_test,
            Err(LeftOut::Quiet) => &mut chains.quiet,
            Ok(Choice::Fail | Choice::Done) => &mut chains.planned,
            Ok(Choice::SeenBefore) => &mut chains.seen_before,
            Ok(Choice::OtherShard) => &mut chains.other_shards,
            Ok(Choice::NotAskedFor) => &mut chains.not_asked_for,
        };
        *count += 1;
        let fails = choice == Ok(Choice::Fail);
        if fails {
            self.followed.plan(number);
        } else {
            self.followed.leave_out(number);
        }
        fails
    }

    /// Whether the chain is failed behind the failure of the `first` one.
    fn plan_second(&mut self, number: usize, id: ChainId, named: &Named, first: ChainId) -> bool {
        let choice = match named.left_out {
            Some(_) => None,
            None if self.told.contains(&id) => Some(Choice::Done),
            None => Some(self.listener.choose(id, named)),
        };
        let is_planned = matches!(choice, Some(Choice::Fail | Choice::Done));
        let has_room = self.second.planned < self.common.pairs_max;
        if choice.is_some() {
            self.second.met += 1;
            *self.second.behind.entry(first).or_default() += 1;
            self.second.planned += u32::from(is_planned && has_room);
            self.second.left += u32::from(is_planned && !has_room);
        }
        let fails = choice == Some(Choice::Fail) && has_room;
        if fails {
            self.followed.plan(number);
        } else {
            self.followed.leave_out(number);
        }
        fails
    }

    /// The frames of each list of addresses, innermost first, without those of the preloaded library.
    fn frames(&mut self, lists: &[&[facts::Address]]) -> Vec<Vec<Arc<Place>>> {
        self.located.learn(&self.common.symbols, &self.followed.modules());
        self.located.places(&self.common.symbols, lists)
    }

    /// Judges what came of a chain, and tells the listener.
    fn tell(&mut self, number: usize, evidence: &facts::Evidence) {
        let mut lists = vec![evidence.panicked_in.as_slice(), evidence.stood_in.as_slice()];
        let owners: Vec<_> = evidence.leaks.iter().filter_map(|(chain, ..)| self.followed.chain(*chain)).collect();
        lists.extend(owners.iter().map(|chain| chain.frames.as_slice()));
        let frames = self.frames(&lists);
        let mut frames = frames.iter().map(|frames| whole(frames));
        let (panicked_in, stood_in) = (frames.next().unwrap_or_default(), frames.next().unwrap_or_default());
        let leaks = evidence.leaks.iter().zip(frames);
        let leaks = leaks.map(|((_, count, bytes), chain)| Leak { bytes: *bytes, count: u64::from(*count), chain });
        let leaks = leaks.collect();
        let usual_status = self.followed.baseline().status;
        let case = Case { evidence, panicked_in: &panicked_in, stood_in: &stood_in, usual_status, code: &self.code };
        let judged = judge(&case);
        let spawner = self.followed.chain(number).and_then(|chain| chain.spawned_by);
        let spawned_by = spawner.and_then(|by| self.known.get(by)?.as_ref()).filter(|by| by.named.left_out.is_none());
        let spawned_by = spawned_by.map(|by| by.named.frames.clone()).unwrap_or_default();
        let behind = self.followed.chain(number).and_then(|chain| chain.behind);
        let behind = behind.and_then(|first| self.known.get(first)?.as_ref()).map(|first| First {
            id: first.id,
            request: first.named.request.clone(),
            chain: first.named.frames.clone(),
        });
        let Some(known) = self.known[number].as_ref() else { return };
        let went_on = match evidence.ending {
            Ending::Aborted => (judged.verdict == Verdict::Aborted).then_some(true),
            Ending::Exited(_) | Ending::Left(_) => Some(false),
            _ => None,
        };
        let ended_here = matches!(evidence.ending, Ending::Hung | Ending::Aborted);
        let stands = (ended_here || !evidence.damage.is_empty()) && judged.verdict != Verdict::Aborted;
        let mut facts = judged.facts;
        let printed = evidence.printed.trim();
        // What a panic says is told already.
        let says_why = judged.panic.as_ref().is_some_and(|panic| panic.message.is_some());
        if !printed.is_empty() && !says_why && !judged.verdict.is_good() && judged.verdict != Verdict::Aborted {
            facts.push(format!("printed:\n{printed}"));
        }
        let outcome = Outcome {
            id: known.id,
            test: self.subject.test.clone(),
            verdict: judged.verdict,
            build: self.subject.build.clone(),
            request: known.named.request.clone(),
            asked: asked(&known.named.frames, went_on),
            chain: known.named.frames.clone(),
            spawned_by,
            behind,
            panic: judged.panic,
            stood: if stands { stood_in } else { Vec::new() },
            leaks,
            arms: evidence.arms.clone(),
            evidence: facts,
            second_opinion: None,
        };
        self.told.insert(outcome.id);
        self.listener.outcome(outcome, printed);
    }
}
