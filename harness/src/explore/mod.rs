//! How one injection is isolated, and who runs which.

pub(crate) mod attempt;
pub(crate) mod base;
pub(crate) mod canary;
pub(crate) mod child;
pub(crate) mod choose;
pub(crate) mod coverage;
pub(crate) mod director;
pub(crate) mod earlier;
pub(crate) mod explorer;
pub(crate) mod inline;
pub(crate) mod launch;
pub(crate) mod process;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod session;
pub(crate) mod unix;
