//! What a new cache is like, and why one cannot be made.

use core::fmt;

/// What a cache does to find those who write where they must not. It costs time and room, and objects of such a cache are
/// not kept in the arrays of the processors.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct SlabDebug {
    /// Bytes before and behind each object that nobody may write (the kernel's `SLAB_RED_ZONE`).
    pub red_zone: bool,
    /// Free objects are filled with a pattern, and looked at before they are handed out (`SLAB_POISON`). A cache with a
    /// constructor does not poison: its free objects stay constructed.
    pub poison: bool,
    /// The tasks that last took and gave back each object are remembered (`SLAB_STORE_USER`).
    pub store_user: bool,
}

impl SlabDebug {
    /// Nothing is looked for.
    pub const NONE: SlabDebug = SlabDebug { red_zone: false, poison: false, store_user: false };
    /// Everything is.
    pub const ALL: SlabDebug = SlabDebug { red_zone: true, poison: true, store_user: true };

    pub(crate) const fn or(self, other: SlabDebug) -> SlabDebug {
        SlabDebug {
            red_zone: self.red_zone || other.red_zone,
            poison: self.poison || other.poison,
            store_user: self.store_user || other.store_user,
        }
    }
}

/// What a new cache is like.
///
/// ```
/// use alloc_core::{CacheOptions, Gfp, Machine, NodePages};
/// let machine = Machine::builder().node(NodePages::new(256)).build()?;
/// let options = CacheOptions { align: 64, failslab: true, ..CacheOptions::new("inode", 100) };
/// let inodes = machine.cache(options)?;
/// assert_eq!(inodes.alloc(Gfp::KERNEL)?.bytes().len(), 100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CacheOptions {
    /// For reports and fault sources.
    pub name: &'static str,
    /// Bytes in an object; at least one.
    pub size: usize,
    /// What objects are aligned to: a power of two up to 4 MiB. Objects are aligned to 8 bytes at least.
    pub align: usize,
    /// Makes an object, once, when its memory joins the cache. Whoever gives an object back leaves it as the constructor did.
    pub constructor: Option<fn(&mut [u8])>,
    /// What is looked for; the machine's own [`MachineBuilder::slab_debug`](crate::MachineBuilder::slab_debug) is added.
    pub debug: SlabDebug,
    /// Whether fault sources that fail only marked caches fail this one (`SLAB_FAILSLAB`).
    pub failslab: bool,
    /// Whether the cache's pages are asked for with ACCOUNT (`SLAB_ACCOUNT`).
    pub account: bool,
}

impl CacheOptions {
    /// A plain cache of objects of `size` bytes.
    pub const fn new(name: &'static str, size: usize) -> CacheOptions {
        let debug = SlabDebug::NONE;
        CacheOptions { name, size, align: 8, constructor: None, debug, failslab: false, account: false }
    }
}

/// Why a cache cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum CacheError {
    /// Objects of no bytes.
    ZeroSize,
    /// The alignment is no power of two, or above 4 MiB.
    BadAlign,
    /// A single object does not fit into the machine's largest block.
    TooBig,
    /// A constructor, for a cache of values: those are made when their objects are asked for.
    Constructor,
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CacheError::ZeroSize => "a cache's objects have at least one byte",
            CacheError::BadAlign => "an alignment is a power of two, and at most 4 MiB",
            CacheError::TooBig => "an object is larger than the largest block that the machine serves",
            CacheError::Constructor => {
                "a cache of values has no constructor: its objects are no values while they are free"
            }
        })
    }
}

impl core::error::Error for CacheError {}
