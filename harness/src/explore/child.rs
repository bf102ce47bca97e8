//! x
use crate::memory::record::End;
use crate::scope::Scope;
pub(crate) fn end_now(_: &Scope, _: End) {}
