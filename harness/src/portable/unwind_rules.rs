//! No walker by unwind rules: every walk is left to the `backtrace` crate.
#![expect(unsafe_code, reason = "has the signatures of the walker it stands in for")]

/// There are no rules for this platform.
#[derive(Debug)]
pub(crate) struct NoRules;

pub(crate) mod walker {
    use super::NoRules;
    use crate::chain::boundary::Boundary;
    use crate::chain::id::Id;
    use crate::chain::registers::Registers;

    /// A walker that no thread has.
    #[derive(Debug)]
    pub(crate) enum Walker {}

    impl Walker {
        pub(crate) fn try_new() -> Option<Walker> {
            None
        }

        pub(crate) fn aim(&mut self, _: &Boundary, _: Id) {
            match *self {}
        }

        /// # Safety
        /// Nothing is asked of the caller.
        pub(crate) unsafe fn again(&mut self, _: Registers) -> Result<Id, NoRules> {
            match *self {}
        }
    }
}

pub(crate) mod walk {
    use super::NoRules;
    use crate::chain::boundary::Boundary;
    use crate::chain::registers::Registers;

    /// # Safety
    /// Nothing is asked of the caller.
    pub(crate) unsafe fn frames(_: Registers, _: &Boundary, _: &mut [usize]) -> Result<usize, NoRules> {
        Err(NoRules)
    }

    /// # Safety
    /// Nothing is asked of the caller.
    pub(crate) unsafe fn frames_at(_: Registers, _: &Boundary, _: &mut [usize]) -> Result<usize, NoRules> {
        Err(NoRules)
    }
}

pub(crate) mod refresh {
    /// There is nothing to take note of.
    pub(crate) fn refresh() {}
}
