//! Allocators of frame numbers, with memory behind the frames so that they can be touched.

use buddy_system_allocator::FrameAllocator;

use crate::memory::{ARENA, arena};
use crate::rival::Rival;

/// Bytes of a frame.
const FRAME: usize = 4096;

/// buddy_system_allocator's allocator of frames, behind a spin lock.
pub(crate) struct Frames {
    frames: spin::Mutex<FrameAllocator>,
    base: usize,
}

/// Where a run of frames begins in memory.
pub(crate) struct Run(*mut u8);

// SAFETY: it is the only pointer to its frames.
unsafe impl Send for Run {}

impl Frames {
    /// All frames of an arena.
    pub(crate) fn new() -> Frames {
        let mut frames = FrameAllocator::new();
        frames.add_frame(0, ARENA / FRAME);
        Frames { frames: spin::Mutex::new(frames), base: arena().as_mut_ptr().expose_provenance() }
    }
}

impl Rival for Frames {
    type Want = usize;
    type Block = Run;

    fn want(size: usize) -> usize {
        size.div_ceil(FRAME)
    }

    #[inline(always)]
    fn take(&self, want: usize) -> Run {
        let frame = self.frames.lock().alloc(want).expect("out of memory");
        Run(std::ptr::with_exposed_provenance_mut(self.base + frame * FRAME))
    }

    #[inline(always)]
    fn touch(run: &mut Run) {
        // SAFETY: the run lies within the arena and is nobody else's.
        unsafe { run.0.write_volatile(1) };
    }

    fn place(run: &Run) -> usize {
        run.0.addr()
    }

    #[inline(always)]
    fn give(&self, run: Run, want: usize) {
        self.frames.lock().dealloc((run.0.addr() - self.base) / FRAME, want);
    }
}
