//! No process exists only for the sweep, so that none is ended by it.

use crate::memory::record::End;
use crate::scope::shared::Scope;

/// In the user's own process nothing is ended.
pub(crate) fn end_now(_scope: &Scope, _end: End) {}
