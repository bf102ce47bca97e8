//! The list of who is measured, and on which paths.

use std::alloc::System;

use alloc_core::Gfp;
use mimalloc::MiMalloc;
use rpmalloc::RpMalloc;
use snmalloc_rs::SnMalloc;
use tikv_jemallocator::Jemalloc;

use crate::arenas::{Shared, buddy_heap, buddy_slab, rlsf, talc};
use crate::case::{Case, Crossing, Path, Repeated, Scarce};
use crate::frames::Frames;
use crate::general::Global;
use crate::machine::Pages;
use crate::objects::{OBJECT, Objects, OneCache};
use crate::rival::Rival;

/// Makes a contestant's case on a path, with blocks of a size.
type Make = Box<dyn Fn(Path, usize) -> Box<dyn Case>>;

/// Somebody who is measured.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    kind: Kind,
    make: Make,
}

/// What a contestant shares out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Bytes, of the system's memory.
    System,
    /// Bytes of an arena.
    Arena,
    /// Pages of an arena.
    Pages,
    /// Objects of one size.
    Cache,
    /// alloc-core with something more to do, measured for itself alone.
    Variant,
}

impl Contestant {
    fn new<R: Rival + 'static>(name: &'static str, kind: Kind, rival: R) -> Contestant {
        let rival: &'static R = Box::leak(Box::new(rival));
        let make = move |path, size| -> Box<dyn Case> {
            match path {
                Path::Pair | Path::Batch => Box::new(Repeated::new(rival, size, path == Path::Batch)),
                Path::Cross => Box::new(Crossing::new(rival, size)),
                Path::Isolated(free) => Box::new(Scarce::new(rival, free)),
            }
        };
        Contestant { name, kind, make: Box::new(make) }
    }

    /// Its case, if it does such a thing at all.
    pub(crate) fn case(&self, path: Path, size: usize) -> Option<Box<dyn Case>> {
        let does = match (self.kind, path) {
            (Kind::Variant, _) => path == Path::Pair && size == 4096,
            (Kind::Cache, _) => size == OBJECT,
            (Kind::Pages, Path::Isolated(_)) => true,
            (Kind::Pages, _) => size >= 4096,
            // Only an arena has a free list that is known to hold the isolated pages.
            (Kind::System, Path::Isolated(_)) => false,
            (Kind::System | Kind::Arena, _) => true,
        };
        does.then(|| (self.make)(path, size))
    }

    /// Everybody.
    pub(crate) fn all() -> Vec<Contestant> {
        vec![
            Contestant::new("alloc-core pages", Kind::Pages, Pages::new()),
            Contestant::new("alloc-core Cache", Kind::Cache, OneCache::new()),
            Contestant::new("alloc-core kmalloc", Kind::System, Objects::new()),
            Contestant::new("alloc-core, two zones", Kind::Variant, Pages::beside_a_full_zone(Gfp::KERNEL)),
            Contestant::new(
                "alloc-core, past a full zone",
                Kind::Variant,
                Pages::beside_a_full_zone(Gfp::USER_MOVABLE),
            ),
            Contestant::new("alloc-core, shown to a fault source", Kind::Variant, Pages::before_a_fault_source()),
            Contestant::new("system malloc (glibc)", Kind::System, Global(System)),
            Contestant::new("mimalloc 0.1.52", Kind::System, Global(MiMalloc)),
            Contestant::new("tikv-jemallocator 0.7.0", Kind::System, Global(Jemalloc)),
            Contestant::new("snmalloc-rs 0.7.6", Kind::System, Global(SnMalloc)),
            Contestant::new("rpmalloc 0.2.2", Kind::System, Global(RpMalloc)),
            Contestant::new("talc 5.1.1", Kind::Arena, Global(talc())),
            Contestant::new("rlsf 0.2.3", Kind::Arena, Global(rlsf())),
            Contestant::new("buddy_system_allocator 0.13.0 Heap", Kind::Arena, Global(buddy_heap())),
            Contestant::new("buddy-slab-allocator 0.3.0", Kind::Arena, Global(Shared(buddy_slab()))),
            Contestant::new("buddy_system_allocator 0.13.0 FrameAllocator", Kind::Pages, Frames::new()),
        ]
    }
}
