//! How one injection is isolated, and who runs which.

pub(crate) mod attempt;
pub(crate) mod base;
pub(crate) mod baseline;
pub(crate) mod canary;
pub(crate) mod child;
pub(crate) mod choose;
pub(crate) mod coverage;
pub(crate) mod crew;
pub(crate) mod director;
pub(crate) mod forks;
pub(crate) mod fresh;
pub(crate) mod inline;
pub(crate) mod launch;
pub(crate) mod plan;
pub(crate) mod process;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod session;
pub(crate) mod snapshot;
pub(crate) mod unix;
pub(crate) mod work;
