//! How one injection is isolated, and who runs which.

pub(crate) mod account;
pub(crate) mod arms;
pub(crate) mod attempt;
#[cfg(not(firsthit_portable))]
pub(crate) mod base;
#[cfg(not(firsthit_portable))]
pub(crate) mod baseline;
pub(crate) mod canary;
#[cfg_attr(firsthit_portable, path = "../portable/child.rs")]
pub(crate) mod child;
#[cfg_attr(firsthit_portable, path = "../portable/choose.rs")]
pub(crate) mod choose;
#[cfg_attr(firsthit_portable, path = "../portable/coverage.rs")]
pub(crate) mod coverage;
#[cfg(not(firsthit_portable))]
pub(crate) mod crew;
#[cfg(not(firsthit_portable))]
pub(crate) mod director;
#[cfg(not(firsthit_portable))]
pub(crate) mod forks;
#[cfg(not(firsthit_portable))]
pub(crate) mod fresh;
pub(crate) mod held;
pub(crate) mod inline;
#[cfg(not(firsthit_portable))]
pub(crate) mod launch;
pub(crate) mod plan;
pub(crate) mod prepare;
pub(crate) mod process;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod session;
#[cfg(not(firsthit_portable))]
pub(crate) mod snapshot;
#[cfg_attr(firsthit_portable, path = "../portable/unix.rs")]
pub(crate) mod unix;
pub(crate) mod work;
