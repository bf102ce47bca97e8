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
}

impl Session<'_> {
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
        };
        Arc::new(Scope::new(Arc::clone(self.campaign), settings))
    }
}
