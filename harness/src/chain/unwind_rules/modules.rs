//! The modules of the process as last noted, and which of them an address belongs to.
#![expect(unsafe_code, reason = "reads the program headers of loaded modules")]

use core::ffi::{c_int, c_void};
use core::ptr;
use core::slice;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::glibc::{self, Found};
use super::module::Module;
use super::pages;

/// Modules a snapshot has room for; only those beyond have to be found by their ELF header.
const MODULES_MAX: usize = 1024;

/// What was loaded at the last refresh.
struct Snapshot {
    /// `dlpi_adds` and `dlpi_subs`: how often the process has loaded and unloaded a module.
    loads: u64,
    unloads: u64,
    len: usize,
    modules: [Module; MODULES_MAX],
}

static SNAPSHOT: AtomicPtr<Snapshot> = AtomicPtr::new(ptr::null_mut());

/// Takes note of the loaded modules; whether any has come or gone since the last time.
pub(super) fn note_loaded() -> bool {
    glibc::look_up();
    let Some(new) = pages::map::<Snapshot>(1) else { return false };
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
    if !publish {
        // SAFETY: the mapping is `map`'s, and no other thread has seen it.
        unsafe { pages::unmap(new, 1) };
    }
    publish
}

/// Adds one module to the snapshot that `data` points to.
///
/// # Safety
/// As the dynamic linker calls it, with a `Snapshot` of [`note_loaded`]'s own.
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

/// The module that `pc` is in, found without a lock.
pub(super) fn containing(pc: usize) -> Option<Module> {
    if !glibc::is_available() {
        return noted(|module| module.spans(pc));
    }
    let found = Found::containing(pc)?;
    // SAFETY: 1. What was there at the last refresh has been noted, if it has unwind information at all, so this has
    // come through `dlopen` since. 2. It is still loaded, for a frame of it is live.
    noted(|module| module.header.0 == found.header()).or_else(|| unsafe { found.module() })
}

fn noted(matches: impl Fn(&Module) -> bool) -> Option<Module> {
    // SAFETY: a published snapshot is neither changed nor unmapped.
    let snapshot = unsafe { SNAPSHOT.load(Ordering::Acquire).as_ref() }?;
    snapshot.modules.get(..snapshot.len)?.iter().copied().find(matches)
}

#[cfg(test)]
mod tests {
    use super::{Found, containing, glibc, noted, ptr};
    use crate::chain::unwind_rules::frame_info::rule_of;
    use crate::chain::unwind_rules::refresh::refresh;
    use crate::chain::unwind_rules::table::Table;

    #[test]
    fn a_library_opened_later_is_found_by_its_elf_header_as_by_the_linkers_list() {
        refresh();
        // SAFETY: both names are C strings, and the library stays open.
        let pc = unsafe {
            let handle = libc::dlopen(c"libresolv.so.2".as_ptr(), libc::RTLD_NOW);
            assert!(!handle.is_null());
            libc::dlsym(handle, c"ns_name_ntop".as_ptr()).addr() + 1
        };
        if glibc::is_available() {
            assert!(!rule_of(pc).is_refused());
        }
        refresh();
        assert!(!rule_of(pc).is_refused());
        let noted = noted(|module| module.spans(pc)).unwrap();
        if glibc::is_available() {
            // SAFETY: the library has just been opened.
            let found = unsafe { Found::containing(pc).unwrap().module() }.unwrap();
            assert_eq!((noted.header, noted.frames), (found.header, found.frames));
        }
    }

    #[test]
    fn a_refresh_starts_an_empty_table_if_modules_have_come_or_gone() {
        refresh();
        let before = ptr::from_ref(Table::current().unwrap());
        // SAFETY: the name is a C string, and nothing of the library is used.
        unsafe {
            let handle = libc::dlopen(c"libanl.so.1".as_ptr(), libc::RTLD_NOW);
            assert!(!handle.is_null() && libc::dlclose(handle) == 0);
        }
        refresh();
        assert!(!ptr::eq(before, Table::current().unwrap()));
    }

    #[test]
    fn what_no_module_covers_has_no_rule() {
        refresh();
        assert!([0, usize::MAX, ptr::from_ref(&0_u8).addr()].iter().all(|&pc| rule_of(pc).is_refused()));
        let pc = refresh as fn() as usize;
        assert!(containing(pc).is_some() && noted(|module| module.spans(pc)).is_some());
    }
}
