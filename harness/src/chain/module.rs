//! The program and its libraries in memory: addresses made relative to the module they lie in.
#![expect(unsafe_code, reason = "reads the loader's list of modules and their headers")]

use std::ffi::{CStr, c_int, c_void};

use crate::memory::campaign::Campaign;

/// How many bits of a module-relative address hold the offset; the module's number stands above.
const OFFSET_BITS: u32 = 48;

/// One loaded ELF file.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    start: usize,
    end: usize,
    base: usize,
    /// Of the GNU build id, or of the unwind table where the linker wrote no build id.
    pub(crate) id: u64,
    pub(crate) path: Vec<u8>,
    /// Its number in the campaign.
    number: u64,
}

/// The modules of this process, sorted by address, numbered as the campaign numbers them.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    sorted: Vec<Module>,
}

impl Modules {
    /// What is loaded now.
    pub(crate) fn load(campaign: &Campaign) -> Modules {
        let mut sorted = loaded();
        for module in &mut sorted {
            module.number = campaign.module(module.id, &module.path).unwrap_or(0) as u64;
        }
        sorted.sort_by_key(|module| module.start);
        Modules { sorted }
    }

    fn of(&self, address: usize) -> Option<&Module> {
        let behind = self.sorted.partition_point(|module| module.start <= address);
        let module = self.sorted.get(behind.checked_sub(1)?)?;
        (address < module.end).then_some(module)
    }

    /// The identity of the module `address` lies in, and its offset there: equal in every process of one build.
    pub(crate) fn stable(&self, address: usize) -> (u64, u64) {
        self.of(address).map_or((0, address as u64), |module| (module.id, (address - module.base) as u64))
    }

    /// The address as the campaign keeps it: module number and offset in one word.
    pub(crate) fn relative(&self, address: usize) -> u64 {
        let module = self.of(address);
        module.map_or(u64::MAX, |module| module.number << OFFSET_BITS | (address - module.base) as u64)
    }
}

/// The module number and offset of an address that [`Modules::relative`] gave; `None` for code outside of any module.
pub(crate) fn split(relative: u64) -> Option<(usize, u64)> {
    let offset = relative & ((1 << OFFSET_BITS) - 1);
    (relative != u64::MAX).then_some(((relative >> OFFSET_BITS) as usize, offset))
}

/// The identity of the running program's own file.
pub(crate) fn program_id() -> u64 {
    loaded().first().map_or(0, |module| module.id)
}

/// Every loaded module, the program first.
fn loaded() -> Vec<Module> {
    unsafe extern "C" fn visit(info: *mut libc::dl_phdr_info, _: usize, data: *mut c_void) -> c_int {
        // SAFETY: `data` is the vector that `loaded` passes, and the loader passes a valid `info`.
        let (list, info) = unsafe { (&mut *data.cast::<Vec<Module>>(), &*info) };
        // SAFETY: the loader's program headers: `dlpi_phnum` of them.
        let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
        let base = info.dlpi_addr as usize;
        let code = headers.iter().filter(|h| h.p_type == libc::PT_LOAD && h.p_flags & libc::PF_X != 0);
        let bounds = code.map(|h| (base + h.p_vaddr as usize, base + (h.p_vaddr + h.p_memsz) as usize));
        let bounds = bounds.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let Some((start, end)) = bounds else { return 0 };
        // SAFETY: the name is null or a C string of the loader's.
        let name = unsafe { info.dlpi_name.as_ref().map(|name| CStr::from_ptr(name).to_bytes().to_vec()) };
        let path = match name {
            Some(name) if !name.is_empty() => name,
            _ if list.is_empty() => program_path(),
            _ => Vec::new(),
        };
        // SAFETY: the headers are those of a module loaded at `base`.
        let id = unsafe { identity(headers, base) };
        list.push(Module { start, end, base, id, path, number: 0 });
        0
    }
    let mut list: Vec<Module> = Vec::new();
    // SAFETY: `visit` has the signature asked for and gets the vector it expects.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut list).cast()) };
    list
}

fn program_path() -> Vec<u8> {
    use std::os::unix::ffi::OsStringExt;
    std::env::current_exe().map(|path| path.into_os_string().into_vec()).unwrap_or_default()
}

/// A number that differs between builds: of the build id, or else of the table of unwind entries, which
/// lists where every function begins.
///
/// # Safety
/// `headers` must be those of a module loaded at `base`.
unsafe fn identity(headers: &[libc::Elf64_Phdr], base: usize) -> u64 {
    let content = |header: &libc::Elf64_Phdr| {
        let start = std::ptr::with_exposed_provenance(base + header.p_vaddr as usize);
        // SAFETY: the segment is loaded: `p_memsz` bytes at its address.
        unsafe { std::slice::from_raw_parts::<u8>(start, header.p_memsz as usize) }
    };
    let notes = headers.iter().filter(|header| header.p_type == libc::PT_NOTE).map(content);
    let build_id = notes.flat_map(Notes).find(|(name, kind, _)| *name == b"GNU\0" && *kind == 3);
    if let Some((_, _, id)) = build_id {
        return fold(id);
    }
    let unwind = headers.iter().find(|header| header.p_type == libc::PT_GNU_EH_FRAME).map(content);
    unwind.map_or(1, fold)
}

/// The notes of a note segment: name, type and content.
struct Notes<'a>(&'a [u8]);

impl<'a> Iterator for Notes<'a> {
    type Item = (&'a [u8], u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let word = |at: usize| Some(u32::from_ne_bytes(self.0.get(at..at + 4)?.try_into().ok()?));
        let (name, content, kind) = (word(0)? as usize, word(4)? as usize, word(8)?);
        let content_start = 12 + name.next_multiple_of(4);
        let note = (self.0.get(12..12 + name)?, kind, self.0.get(content_start..content_start + content)?);
        self.0 = self.0.get(content_start + content.next_multiple_of(4)..).unwrap_or_default();
        Some(note)
    }
}

/// The identity of a module, of the bytes that tell its build.
pub(crate) fn fold(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_ne_bytes(*word));
    let rest = rest.iter().map(|byte| u64::from(*byte) + 1);
    let id = words.chain(rest).fold(crate::chain::id::Id::EMPTY, crate::chain::id::Id::with);
    (id.lo ^ id.hi.rotate_left(32)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::campaign::Sizes;

    #[test]
    fn an_address_of_this_program_is_relative_to_it_and_comes_back() {
        let campaign = Campaign::create(1024, Sizes::default()).unwrap();
        let modules = Modules::load(&campaign);
        let address = program_id as *const () as usize;
        let (number, offset) = split(modules.relative(address)).unwrap();
        let (id, path) = campaign.modules()[number].clone();
        assert_eq!((id, offset), modules.stable(address));
        assert_eq!(id, program_id());
        assert_eq!(std::path::Path::new(&path), std::env::current_exe().unwrap());
    }

    #[test]
    fn the_build_id_is_read_from_the_notes() {
        let note = [4, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, b'G', b'N', b'U', 0, 7, 8, 9, 0];
        assert_eq!(Notes(&note).collect::<Vec<_>>(), [(&b"GNU\0"[..], 3, &[7, 8, 9][..])]);
        assert_eq!(Notes(&note[..15]).count(), 0);
    }

    #[test]
    fn code_outside_of_any_module_has_no_module() {
        let modules = Modules::default();
        assert_eq!(split(modules.relative(4096)), None);
        assert_eq!(modules.stable(4096), (0, 4096));
    }
}
