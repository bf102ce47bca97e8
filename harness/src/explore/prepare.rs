//! What every explorer begins with: a token of this build, if there is one, and memory for the campaign.

use std::sync::atomic::Ordering::{Acquire, Relaxed};

use crate::annotation::registry;
use crate::chain::module;
use crate::coverage::leaving;
use crate::memory::campaign::{Campaign, Sizes};
use crate::memory::record::{Chain, state};
use crate::settings::Settings;
use crate::trouble::Trouble;

/// The campaign of a sweep with these settings, in a program with `coverage` coverage counters.
///
/// # Errors
/// When the replay token is of another build, or the memory is refused.
pub(crate) fn campaign(settings: &Settings, coverage: usize) -> Result<Campaign, Trouble> {
    if let Some(token) = settings.replay {
        let build = module::program_id() as u32;
        if token.build != build {
            return Err(Trouble::NotReplayed(format!(
                "FIRSTHIT_REPLAY={token} is of another build: this one is {build:08x}\n  help: chains are known by their \
                 addresses; sweep again without FIRSTHIT_REPLAY and take the token that is printed"
            )));
        }
    }
    leaving::swept();
    let points = registry::declared().len();
    Campaign::create(settings.chains_max, Sizes { coverage, points }).map_err(|error| {
        Trouble::Refused(format!(
            "memory for the record of the sweep was refused: {error}\n  help: raise the limit of address space or of \
             files (`ulimit -v`, `-f`, `-n`), or lower `chains_max`, {} now",
            settings.chains_max
        ))
    })
}

/// Whether there is something to fail.
///
/// # Errors
/// When a run without a failure makes no chain.
pub(crate) fn check_plan(campaign: &Campaign) -> Result<(), Trouble> {
    let planned = |chain: &Chain| chain.state.load(Acquire) == state::PLANNED;
    match campaign.header().allocations_pass.load(Relaxed) {
        _ if campaign.chains().iter().any(planned) => Ok(()),
        0 => Err(Trouble::NothingToFail),
        _ => Err(Trouble::NotInstalled),
    }
}

/// Whether every chain that a run without a failure makes has found room.
///
/// # Errors
/// When one has not.
pub(crate) fn check_room(campaign: &Campaign) -> Result<(), Trouble> {
    if !campaign.overflowed() {
        return Ok(());
    }
    Err(Trouble::TooManyChains(format!(
        "the body makes more call chains than there is room for ({})\n  help: raise `chains_max`",
        campaign.chains_max()
    )))
}
