//! The only explorer of a platform without fork: the one that stays in the process.

use std::sync::Arc;

use crate::explore::run::Body;
use crate::explore::{inline, prepare};
use crate::explorer::Explorer;
use crate::report::Report;
use crate::settings::Settings;
use crate::trouble::Trouble;

/// Does the sweep in this process, unless another way was asked for.
pub(crate) fn explore(settings: &Settings, body: &Body<'_>) -> Report {
    swept(settings, body).unwrap_or_else(|trouble| Report::troubled(settings, trouble))
}

fn swept(settings: &Settings, body: &Body<'_>) -> Result<Report, Trouble> {
    let notes = match settings.explorer {
        Some(Explorer::Inline) => Vec::new(),
        None => vec![
            "this platform has no fork: explored inline, one chain after the other in this process; threads belong to \
             the sweep only through `firsthit::Handle`"
                .to_owned(),
        ],
        Some(explorer) => {
            return Err(Trouble::Refused(format!(
                "the explorer {explorer} was asked for, and this platform has no fork\n  help: leave the explorer out, \
                 or ask for `inline` (`Sweep::explorer`, FIRSTHIT_EXPLORER)"
            )));
        }
    };
    let campaign = Arc::new(prepare::campaign(settings, 0)?);
    inline::explore(settings, body, &campaign);
    Ok(Report::of(settings, &campaign, notes))
}
