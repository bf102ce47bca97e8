//! `verify`: a sweep checked by failing every request of a test, one run and one process each.

pub(crate) mod check;
pub(crate) mod checked;
pub(crate) mod compared;
pub(crate) mod end;
pub(crate) mod every;
pub(crate) mod numbers;
pub(crate) mod progress;
pub(crate) mod run;
pub(crate) mod swept_side;
pub(crate) mod told;
