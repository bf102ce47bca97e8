//! The director of a program's sweep: has the runs without a failure recorded, and fails what the follower plans.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Duration;

use crate::explore::baseline::Recording;
use crate::explore::crew::Crew;
use crate::explore::launch::Launch;
use crate::explore::plan::Plan;
use crate::explore::prepare;
use crate::explore::session::Session;
use crate::memory::bell;
use crate::memory::header::SLOTS;
use crate::memory::record::stage;
use crate::trouble::Trouble;

/// How long the director does without looking what the follower wants by now.
const PATIENCE: Duration = Duration::from_millis(20);

/// Carries a followed campaign through with children of one kind; what stopped it stands in the header as well.
pub(crate) fn direct(session: Session<'_>, launcher: &dyn Launch) {
    let campaign = session.campaign;
    let header = campaign.header();
    if let Err(trouble) = carry_through(session, launcher) {
        let (number, text) = trouble.to_record();
        header.set_trouble(number, campaign.add_text(text.as_bytes()));
    }
    header.stage.store(stage::FINISHED, Release);
    bell::ring(&header.follower.news);
}

fn carry_through(session: Session<'_>, launcher: &dyn Launch) -> Result<(), Trouble> {
    let campaign = session.campaign;
    let header = campaign.header();
    let mut plan = Plan::new(session.settings, campaign);
    if header.stage.load(Acquire) < stage::EXPLORING {
        let baseline = Recording { session, launcher }.rounds()?;
        prepare::check_room(campaign)?;
        header.set_baseline(baseline);
        plan.look_for_new_chains(true);
        header.stage.store(stage::EXPLORING, Release);
        bell::ring(&header.follower.news);
    } else {
        // The process that directed before this one died: what it had running is to be done anew.
        plan.take_back();
    }
    explore(session, launcher, &mut plan)
}

/// Fails every chain that is planned, until the follower says that there will be no more.
fn explore(session: Session<'_>, launcher: &dyn Launch, plan: &mut Plan<'_>) -> Result<(), Trouble> {
    let header = session.campaign.header();
    let follower = &header.follower;
    let limit = session.settings.limit(Duration::from_nanos(header.baseline().nanos));
    let mut crew = Crew::new(session);
    loop {
        let heard = follower.bell.load(Acquire);
        let closed = follower.closed.load(Acquire) != 0;
        plan.look_for_new_chains(crew.is_empty());
        let most = (follower.workers.load(Relaxed) as usize).clamp(1, SLOTS);
        while crew.len() < plan.left(most).saturating_add(crew.busy()).min(most) {
            let Some(slot) = crew.free_slot(0) else { break };
            match crew.launch(launcher, slot, launcher.work()) {
                // With one at work the rest of the plan gets done, if more slowly.
                Err(_) if !crew.is_empty() => break,
                launched => launched?,
            }
        }
        if crew.is_empty() {
            if plan.take_back() > 0 {
                continue;
            }
            if closed {
                return Ok(());
            }
            bell::wait(&follower.bell, heard, PATIENCE);
            continue;
        }
        if let Some((running, death)) = crew.next_death(limit, PATIENCE) {
            crew.settle(&running, death)?;
            bell::ring(&follower.news);
        }
    }
}
