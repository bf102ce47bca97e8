//! glibc's own answer to which module an address is in, which takes no lock.
#![expect(unsafe_code, reason = "calls glibc and reads ELF headers")]

use core::ffi::{c_int, c_void};
use core::mem;
use core::ptr;
use core::slice;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::module::Module;

/// An ELF header and its program headers are looked for in a module's first page only.
const PAGE: usize = 4096;

/// `struct dl_find_object` of glibc 2.35 on x86-64.
#[repr(C)]
pub(super) struct Found {
    flags: u64,
    start: *mut c_void,
    end: *mut c_void,
    /// Its first field is the module's load bias.
    link_map: *const usize,
    header: *mut c_void,
    reserved: [u64; 7],
}

type FindObject = unsafe extern "C" fn(*mut c_void, *mut Found) -> c_int;

/// glibc's `_dl_find_object`, or null before [`look_up`] and where the C library has none.
static FIND_OBJECT: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// Looks the function up, which takes the dynamic linker's locks.
pub(super) fn look_up() {
    // SAFETY: the name is a C string, and the default handle names the process's own modules.
    let find = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"_dl_find_object".as_ptr()) };
    FIND_OBJECT.store(find, Ordering::Release);
}

/// Whether [`Found::containing`] can answer.
pub(super) fn is_available() -> bool {
    !FIND_OBJECT.load(Ordering::Acquire).is_null()
}

impl Found {
    /// What glibc says of `pc`.
    pub(super) fn containing(pc: usize) -> Option<Found> {
        let find = FIND_OBJECT.load(Ordering::Acquire);
        if find.is_null() {
            return None;
        }
        let null = ptr::null_mut();
        let mut found =
            Found { flags: 0, start: null, end: null, link_map: ptr::null(), header: null, reserved: [0; 7] };
        // SAFETY: 1. The symbol of that name has this type. 2. It takes any address, and `found` is its result's
        // type. 3. It is async-signal-safe, so it neither locks nor allocates.
        let status = unsafe {
            let find = mem::transmute::<*mut c_void, FindObject>(find);
            find(ptr::without_provenance_mut(pc), &raw mut found)
        };
        (status == 0).then_some(found)
    }

    /// The address of the module's `.eh_frame_hdr`.
    pub(super) fn header(&self) -> usize {
        self.header.addr()
    }

    /// The module, from the ELF header at its start.
    ///
    /// # Safety
    /// It has come through `dlopen` and is still loaded.
    pub(super) unsafe fn module(&self) -> Option<Module> {
        let (start, end) = (self.start.addr(), self.end.addr());
        if start == 0 || self.header.is_null() || self.link_map.is_null() || end.checked_sub(start)? < PAGE {
            return None;
        }
        // SAFETY: 1. `dlopen` maps a module from its first segment's page on, so a page can be read there.
        // 2. The header fits in it, and any bytes are a header. 3. glibc's `link_map` starts with the bias.
        let (header, bias) = unsafe { (&*self.start.cast::<libc::Elf64_Ehdr>(), *self.link_map) };
        let table = usize::try_from(header.e_phoff).ok()?;
        let count = usize::from(header.e_phnum);
        let size = size_of::<libc::Elf64_Phdr>();
        let fits = table.checked_add(count.checked_mul(size)?)? <= PAGE && table % align_of::<libc::Elf64_Phdr>() == 0;
        if !header.e_ident.starts_with(b"\x7fELF") || usize::from(header.e_phentsize) != size || !fits {
            return None;
        }
        // SAFETY: the table lies in the page and at its alignment, as has just been checked.
        let headers = unsafe { slice::from_raw_parts(self.start.byte_add(table).cast(), count) };
        // SAFETY: the headers are those of a loaded module, and glibc gives its bias.
        unsafe { Module::from_headers(bias, headers) }
    }
}
