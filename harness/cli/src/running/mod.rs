//! Tests that are run: one, many at a time, a whole run, and one chain again.

mod base;
pub(crate) mod crowd;
pub(crate) mod debugger;
mod hearing;
pub(crate) mod kept;
pub(crate) mod library;
pub(crate) mod located;
pub(crate) mod progress;
pub(crate) mod recorded;
pub(crate) mod replay;
pub(crate) mod resume;
pub(crate) mod run;
mod second_opinions;
pub(crate) mod setting;
pub(crate) mod subject;
pub(crate) mod sweep;
pub(crate) mod watch;
