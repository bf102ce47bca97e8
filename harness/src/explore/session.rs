//! What every part of one process's exploring needs: the settings, the campaign, the walker.

use std::sync::Arc;

use super::child;
use crate::chain::walker::Walker;
use crate::memory::campaign::Campaign;
use crate::memory::record::End;
use crate::scope::shared::{Role, Scope, ScopeSettings, Watch};
use crate::settings::Settings;

/// One sweep in one process.
#[derive(Clone, Copy)]
pub(crate) struct Session<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) campaign: &'a Arc<Campaign>,
    /// Whether raw addresses are those of the process that recorded them.
    pub(crate) shares_raw: bool,
    pub(crate) walker: Walker,
    /// Why fresh processes explore, where they do.
    pub(crate) why: &'a str,
    /// What is done when a carrying process meets a chain.
    pub(crate) met: fn(&Scope, u32) -> bool,
    /// What is done when a failure is delivered.
    pub(crate) struck: fn(&Scope),
    /// Whether the program's std is the one that this library is built with.
    pub(crate) shares_std: bool,
}

impl<'a> Session<'a> {
    /// One of a process that was started for one run of a program with this library in it.
    pub(crate) fn new(settings: &'a Settings, campaign: &'a Arc<Campaign>, walker: Walker) -> Session<'a> {
        Session {
            settings,
            campaign,
            shares_raw: false,
            walker,
            why: "",
            met: |_, _| false,
            struck: |_| (),
            shares_std: true,
        }
    }

    /// The scope of a process that works in `slot`.
    pub(crate) fn scope(&self, slot: usize, role: Role) -> Arc<Scope> {
        let settings = ScopeSettings {
            watch: Watch {
                infallible: |scope| child::end_now(scope, End::Infallible),
                met: self.met,
                struck: self.struck,
            },
            slot,
            role,
            mode: self.settings.mode,
            deep: self.settings.depth > 1,
            walker: self.walker,
            shares_raw: self.shares_raw,
            shares_std: self.shares_std,
        };
        Arc::new(Scope::new(Arc::clone(self.campaign), settings))
    }
}
