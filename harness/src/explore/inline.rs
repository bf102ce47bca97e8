//! The inline explorer: chain after chain in the process that asked, for platforms and cases without another.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use std::sync::{Arc, Mutex, PoisonError};

use super::plan::Plan;
use super::prepare;
use super::process::Process;
use super::record::record;
use super::run::Body;
use super::session::Session;
use super::work::claim;
use crate::chain::walker::Walker;
use crate::explorer::Explorer;
use crate::memory::campaign::Campaign;
use crate::memory::header::Baseline;
use crate::memory::record::{Evidence, Gave, finished, stage};
use crate::scope::shared::Role;
use crate::settings::Settings;
use crate::trouble::Trouble;

/// Sweeps that stay in their process take turns: the account of live allocations is the process's.
static TURN: Mutex<()> = Mutex::new(());

/// Records and fails every chain in this process.
pub(crate) fn explore(settings: &Settings, body: &Body<'_>, campaign: &Arc<Campaign>) {
    let header = campaign.header();
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(trouble) = explored(settings, body, campaign) {
        let (number, text) = trouble.to_record();
        header.set_trouble(number, campaign.add_text(text.as_bytes()));
    }
    header.stage.store(stage::FINISHED, Release);
}

fn explored(settings: &Settings, body: &Body<'_>, campaign: &Arc<Campaign>) -> Result<(), Trouble> {
    campaign.header().epoch.fetch_add(1, AcqRel);
    let session = Session { shares_raw: true, ..Session::new(settings, campaign, Walker::checked()) };
    let recorder = Process::inline(session, body, 0, Role::Recorder);
    record(&recorder);
    let slot = recorder.scope.slot();
    let [first, second] = slot.outcomes();
    match slot.finished.load(Acquire) {
        finished::CANARY_FAILED => return Err(Trouble::NotInstalled),
        finished::PANICKED => return Err(Trouble::BaselineFails("it panics".to_owned())),
        _ if first.gave == Gave::Error => {
            return Err(Trouble::BaselineFails(format!("it returns `{}`", campaign.text(first.text))));
        }
        _ => {}
    }
    campaign.header().set_baseline(Baseline {
        outcome: first,
        nanos: slot.nanos.load(Acquire),
        allocations: slot.allocations.load(Acquire),
        requests: [[0; 2]; 2],
        rounds: 1,
        settled: true,
        repeatable: second.same_as(&first),
        threads: slot.threads.load(Acquire),
        walker: session.walker as u32,
        explorer: Explorer::Inline as u32,
        reason: campaign.add_text(
            b"what ends the process ends the test, and while other tests run in it, descriptors and threads are not counted",
        ),
    });
    prepare::check_room(campaign)?;
    prepare::check_plan(campaign)?;
    let mut plan = Plan::new(settings, campaign);
    plan.look_for_new_chains(true);
    plan.keep_replayed()?;
    let worker = Process::inline(session, body, 0, Role::Attempt);
    // A process that has run the body before is all there is: what it does not meet again is told so.
    while let Some(claimed) = claim(campaign, 0, false) {
        slot.update(|evidence| *evidence = Evidence::default());
        worker.fail(claimed, false);
        slot.chain.store(0, Release);
        plan.look_for_new_chains(true);
    }
    Ok(())
}
