//! Which loaded module an address belongs to, and where that module keeps its unwind information.
#![expect(unsafe_code, reason = "reads the program headers of loaded modules")]

use core::ffi::{c_int, c_void};
use core::ptr::{self, NonNull};
use core::slice;
use core::sync::atomic::{AtomicPtr, Ordering};

use gimli::{BaseAddresses, EhFrameHdr, NativeEndian};

use super::pages;
use super::table::Table;

/// Modules a snapshot has room for; only those beyond have to be found by their ELF header.
const MODULES_MAX: usize = 1024;
/// An ELF header and its program headers are looked for in a module's first page only.
const PAGE: usize = 4096;

/// A module's addresses and the two sections an unwinder reads.
///
/// # Invariants
/// Both sections are ranges of readable segments of a module that was loaded when this was made.
#[derive(Clone, Copy)]
pub(super) struct Module {
    start: usize,
    end: usize,
    header: (usize, usize),
    frames: (usize, usize),
}

/// What was loaded at the last refresh.
struct Snapshot {
    /// `dlpi_adds` and `dlpi_subs`: how often the process has loaded and unloaded a module.
    loads: u64,
    unloads: u64,
    len: usize,
    modules: [Module; MODULES_MAX],
}

/// `struct dl_find_object` of glibc 2.35 on x86-64.
#[repr(C)]
struct Found {
    flags: u64,
    start: *mut c_void,
    end: *mut c_void,
    /// Its first field is the module's load bias.
    link_map: *const usize,
    header: *mut c_void,
    reserved: [u64; 7],
}

type FindObject = unsafe extern "C" fn(*mut c_void, *mut Found) -> c_int;

static SNAPSHOT: AtomicPtr<Snapshot> = AtomicPtr::new(ptr::null_mut());
/// glibc's `_dl_find_object`, or null.
static FIND_OBJECT: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// Takes note of the loaded modules; walks find only what has been noted or glibc 2.35 can find without a lock.
///
/// Call it before the first walk and whenever modules may have been unloaded, at the start of each scope say,
/// but never from inside the allocator: it takes the dynamic linker's locks. Where nothing has changed it
/// changes nothing. A module that takes an unloaded one's addresses between two calls is not noticed.
pub(crate) fn refresh() {
    // SAFETY: the name is a C string, and the default handle names the process's own modules.
    let find = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"_dl_find_object".as_ptr()) };
    FIND_OBJECT.store(find, Ordering::Release);
    let Some(new) = pages::map::<Snapshot>(1) else { return };
    let old = SNAPSHOT.load(Ordering::Acquire);
    // SAFETY: 1. The callback has the type asked for. 2. Its argument is a zeroed `Snapshot`, which is a valid one.
    unsafe { libc::dl_iterate_phdr(Some(note), new.as_ptr().cast()) };
    // SAFETY: 1. The callback is done with `new`. 2. Snapshots are never unmapped once published, nor changed.
    let (changed, unloaded) = unsafe {
        let old = old.as_ref().map_or((0, 0), |old| (old.loads, old.unloads));
        (old.0 != new.as_ref().loads, old.1 != new.as_ref().unloads)
    };
    let publish = (changed || unloaded)
        && SNAPSHOT.compare_exchange(old, new.as_ptr(), Ordering::AcqRel, Ordering::Acquire).is_ok();
    if publish {
        // Refusals of addresses in new modules must go as well as rules of old ones.
        Table::forget();
    } else {
        // SAFETY: the mapping is `map`'s, and no other thread has seen it.
        unsafe { pages::unmap(new, 1) };
    }
}

/// Adds one module to the snapshot that `data` points to.
///
/// # Safety
/// As the dynamic linker calls it, with a `Snapshot` of [`refresh`]'s own.
unsafe extern "C" fn note(info: *mut libc::dl_phdr_info, _size: usize, data: *mut c_void) -> c_int {
    // SAFETY: 1. The linker passes a valid `info`, whose headers are mapped while it holds its lock.
    // 2. `data` is the snapshot, which nothing else refers to during the iteration.
    let (info, snapshot) = unsafe { (&*info, &mut *data.cast::<Snapshot>()) };
    snapshot.loads = info.dlpi_adds;
    snapshot.unloads = info.dlpi_subs;
    if info.dlpi_phdr.is_null() {
        return 0;
    }
    // SAFETY: as above.
    let headers = unsafe { slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
    let bias = usize::try_from(info.dlpi_addr).unwrap_or(0);
    // SAFETY: the linker gives the headers of a module that it has loaded with this bias.
    let module = unsafe { Module::from_headers(bias, headers) };
    if let (Some(module), Some(slot)) = (module, snapshot.modules.get_mut(snapshot.len)) {
        *slot = module;
        snapshot.len = snapshot.len.wrapping_add(1);
    }
    0
}

impl Found {
    /// What glibc's `find` says of `pc`.
    fn containing(find: FindObject, pc: usize) -> Option<Found> {
        let null = ptr::null_mut();
        let mut found =
            Found { flags: 0, start: null, end: null, link_map: ptr::null(), header: null, reserved: [0; 7] };
        // SAFETY: 1. The function takes any address. 2. `found` is its result's type. 3. It is async-signal-safe.
        let status = unsafe { find(ptr::without_provenance_mut(pc), &raw mut found) };
        (status == 0).then_some(found)
    }
}

impl Module {
    /// The module that `pc` is in, found without a lock.
    pub(super) fn containing(pc: usize) -> Option<Module> {
        let find = FIND_OBJECT.load(Ordering::Acquire);
        if find.is_null() {
            return Module::noted(|module| module.start <= pc && pc < module.end);
        }
        // SAFETY: the symbol of that name has this type.
        let found = Found::containing(unsafe { core::mem::transmute::<*mut c_void, FindObject>(find) }, pc)?;
        let noted = Module::noted(|module| module.header.0 == found.header.addr());
        // SAFETY: glibc has found it just now.
        noted.or_else(|| unsafe { Module::loaded_since(&found) })
    }

    fn noted(matches: impl Fn(&Module) -> bool) -> Option<Module> {
        // SAFETY: a published snapshot is neither changed nor unmapped.
        let snapshot = unsafe { SNAPSHOT.load(Ordering::Acquire).as_ref() }?;
        snapshot.modules.get(..snapshot.len)?.iter().copied().find(matches)
    }

    /// The module that glibc has found, from the ELF header at its start.
    ///
    /// # Safety
    /// `found` is of a successful call.
    unsafe fn loaded_since(found: &Found) -> Option<Module> {
        let (start, end) = (found.start.addr(), found.end.addr());
        if start == 0 || found.link_map.is_null() || end.checked_sub(start)? < PAGE {
            return None;
        }
        // SAFETY: 1. What is not in the snapshot has come through `dlopen`, which maps a module
        // from its first segment's page on, so one page can be read there. 2. The header of a module is one of that page.
        let (header, bias) = unsafe { (&*found.start.cast::<libc::Elf64_Ehdr>(), *found.link_map) };
        let table = usize::try_from(header.e_phoff).ok()?;
        let count = usize::from(header.e_phnum);
        let size = size_of::<libc::Elf64_Phdr>();
        let fits = table.checked_add(count.checked_mul(size)?)? <= PAGE && table % align_of::<libc::Elf64_Phdr>() == 0;
        if !header.e_ident.starts_with(b"\x7fELF") || usize::from(header.e_phentsize) != size || !fits {
            return None;
        }
        // SAFETY: the table lies in the page and at its alignment, as has just been checked.
        let headers = unsafe { slice::from_raw_parts(found.start.byte_add(table).cast(), count) };
        // SAFETY: the headers are those of a loaded module, and glibc gives its bias.
        unsafe { Module::from_headers(bias, headers) }
    }

    /// The module with these program headers; `None` if it has no `PT_GNU_EH_FRAME`.
    ///
    /// # Safety
    /// The module is loaded at `bias` as the headers say.
    unsafe fn from_headers(bias: usize, headers: &[libc::Elf64_Phdr]) -> Option<Module> {
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

#[cfg(test)]
mod tests {
    use super::{FIND_OBJECT, FindObject, Found, Module, Ordering, c_void, ptr, refresh};
    use crate::chain::unwind_rules::frame_info::rule_of;

    fn noted(pc: usize) -> Option<Module> {
        Module::noted(|module| module.start <= pc && pc < module.end)
    }

    #[test]
    fn a_library_opened_later_is_found_by_its_elf_header_as_by_the_linkers_list() {
        refresh();
        // SAFETY: both names are C strings, and the library stays open.
        let pc = unsafe {
            let handle = libc::dlopen(c"libresolv.so.2".as_ptr(), libc::RTLD_NOW);
            assert!(!handle.is_null());
            libc::dlsym(handle, c"ns_name_ntop".as_ptr()).addr() + 1
        };
        let find = FIND_OBJECT.load(Ordering::Acquire);
        if !find.is_null() {
            assert!(!rule_of(pc).is_refused());
        }
        refresh();
        assert!(!rule_of(pc).is_refused());
        let noted = noted(pc).unwrap();
        if !find.is_null() {
            // SAFETY: the symbol of that name has this type, and what it finds is loaded.
            let found = unsafe {
                let found = Found::containing(core::mem::transmute::<*mut c_void, FindObject>(find), pc).unwrap();
                Module::loaded_since(&found).unwrap()
            };
            assert_eq!((noted.header, noted.frames), (found.header, found.frames));
        }
    }

    #[test]
    fn what_no_module_covers_has_no_rule() {
        refresh();
        assert!(rule_of(0).is_refused());
        assert!(rule_of(usize::MAX).is_refused());
        assert!(rule_of(ptr::from_ref(&0_u8).addr()).is_refused());
        assert!(noted(rule_of as fn(usize) -> super::super::rule::Rule as usize).is_some());
    }
}
