//! One loaded module: its addresses and where it keeps its unwind information.
#![expect(unsafe_code, reason = "reads sections of loaded modules")]

use core::ptr::{self, NonNull};
use core::slice;

use gimli::{BaseAddresses, EhFrameHdr, NativeEndian};

/// A module's addresses and the two sections an unwinder reads.
///
/// # Invariants
/// Both sections are ranges of readable segments of a module that was loaded when this was made.
#[derive(Clone, Copy)]
pub(super) struct Module {
    start: usize,
    end: usize,
    /// Address and length of `.eh_frame_hdr`.
    pub(super) header: (usize, usize),
    /// Address and length of `.eh_frame` and whatever follows it in its segment.
    pub(super) frames: (usize, usize),
}

impl Module {
    /// The module with these program headers; `None` if it has no `PT_GNU_EH_FRAME`.
    ///
    /// # Safety
    /// The module is loaded at `bias` as the headers say.
    pub(super) unsafe fn from_headers(bias: usize, headers: &[libc::Elf64_Phdr]) -> Option<Module> {
        let range = |segment: &libc::Elf64_Phdr, size: u64| {
            let start = bias.wrapping_add(usize::try_from(segment.p_vaddr).ok()?);
            Some((start, start.checked_add(usize::try_from(size).ok()?)?))
        };
        let loaded = || headers.iter().filter(|segment| segment.p_type == libc::PT_LOAD);
        let start = loaded().filter_map(|segment| range(segment, 0)).map(|at| at.0).min()?;
        let end = loaded().filter_map(|segment| range(segment, segment.p_memsz)).map(|at| at.1).max()?;
        let (at, header_end) = headers
            .iter()
            .find(|segment| segment.p_type == libc::PT_GNU_EH_FRAME)
            .and_then(|segment| range(segment, segment.p_filesz))?;
        let header = (at, header_end.wrapping_sub(at));
        let mut module = Module { start, end, header, frames: (at, 0) };
        // INVARIANT: the section of frames reaches from where the header says to its segment's last byte of the file.
        let bases = BaseAddresses::default().set_eh_frame_hdr(at as u64);
        let parsed = EhFrameHdr::new(module.header(), NativeEndian).parse(&bases, 8).ok()?;
        let frames = usize::try_from(parsed.eh_frame_ptr().direct().ok()?).ok()?;
        let (_, frames_end) = loaded()
            .filter(|segment| segment.p_flags & libc::PF_R != 0)
            .filter_map(|segment| range(segment, segment.p_filesz))
            .find(|&(start, end)| start <= frames && frames < end)?;
        module.frames = (frames, frames_end.wrapping_sub(frames));
        Some(module)
    }

    pub(super) fn spans(&self, pc: usize) -> bool {
        self.start <= pc && pc < self.end
    }

    /// `.eh_frame_hdr`.
    pub(super) fn header(&self) -> &[u8] {
        section(self.header)
    }

    /// `.eh_frame`, and whatever follows it in its segment.
    pub(super) fn frames(&self) -> &[u8] {
        section(self.frames)
    }
}

fn section((start, len): (usize, usize)) -> &'static [u8] {
    let start = NonNull::new(ptr::with_exposed_provenance_mut(start)).unwrap_or(NonNull::dangling());
    // SAFETY: 1. `Module`'s invariant: the range was readable when the module was looked at. 2. It still is: a walk
    // looks up the code of live frames, which may not be unloaded, and `_dl_find_object` was asked just now.
    // 3. Nobody writes to a loaded `.eh_frame`.
    unsafe { slice::from_raw_parts(start.as_ptr(), len) }
}
