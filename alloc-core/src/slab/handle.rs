//! A cache and the machine that it is one of, side by side: what an owner of an object refers to.

use alloc::sync::Arc;

use super::cache_core::CacheCore;
use crate::machine::Machine;

/// What a [`Cache`](crate::Cache) is a handle of.
pub(crate) struct Handle<'m> {
    pub(crate) machine: &'m Machine,
    pub(crate) core: Arc<CacheCore>,
}
