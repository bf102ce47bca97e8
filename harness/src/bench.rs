//! The benchmarks' door: a recorder's scope in this process, around a closure. No part of the interface.

use std::sync::Arc;

use crate::annotation::registry;
use crate::chain::walker::Walker;
use crate::memory::campaign::{Campaign, Sizes};
use crate::mode::Mode;
use crate::scope::shared::{Role, Scope, ScopeSettings, Watch, phase};
use crate::scope::thread::Origin;

/// A scope that records chains and aims at none.
pub struct Armed {
    scope: Arc<Scope>,
}

impl Armed {
    /// A scope with a campaign of its own.
    ///
    /// # Panics
    /// When its memory is refused.
    #[expect(clippy::new_without_default, reason = "it maps memory and checks the walkers")]
    pub fn new() -> Armed {
        let sizes = Sizes { points: registry::declared().len(), ..Sizes::default() };
        let campaign = Arc::new(Campaign::create(1 << 17, sizes).expect("memory for the campaign"));
        let walker = Walker::checked();
        let settings = ScopeSettings {
            watch: Watch { infallible: |_| (), met: |_, _| false, struck: |_| () },
            slot: 0,
            role: Role::Recorder,
            mode: Mode::Once,
            deep: false,
            walker,
            shares_raw: true,
            shares_std: true,
        };
        Armed { scope: Arc::new(Scope::new(campaign, settings)) }
    }

    /// Runs `body` with the chains of its allocations looked up.
    pub fn walking<R>(&self, body: impl FnOnce() -> R) -> R {
        self.run(phase::WALK, body)
    }

    /// Runs `body` with its allocations counted, as in a retry.
    pub fn counting<R>(&self, body: impl FnOnce() -> R) -> R {
        self.run(phase::COUNT, body)
    }

    fn run<R>(&self, phase: u32, body: impl FnOnce() -> R) -> R {
        self.scope.enter(Origin::SWEEP, || {
            self.scope.set_phase(phase);
            let result = body();
            self.scope.set_phase(phase::OFF);
            result
        })
    }

    /// How many chains are known.
    pub fn chains(&self) -> usize {
        self.scope.campaign.chains().len()
    }

    /// How many requests were seen.
    pub fn requests(&self) -> u64 {
        self.scope.balance().requests
    }

    /// How the stacks are walked.
    pub fn walker(&self) -> &'static str {
        self.scope.walker.as_str()
    }
}
