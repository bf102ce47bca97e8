//! An annotated program that is swept from outside: the preloaded library is told which recovery arms ran.
#![expect(unsafe_code, reason = "asks the loader for a function of the preloaded library, and calls it")]

use std::sync::atomic::Ordering::Relaxed;

use super::id::PointId;
use crate::annotation::point::seen;
use crate::annotation::registry;

/// Of more arms than these no list is told: there is room for so much text.
const ARMS_MAX: usize = 64;

type Hear = extern "C" fn(*const u8, usize);
type Known = extern "C" fn(told: extern "C" fn(Hear));

/// Makes this runtime known to the preloaded library, if there is one.
pub(crate) fn begin() {
    // SAFETY: the name is a C string; the lookup changes nothing.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"firsthit_annotated".as_ptr()) };
    if !found.is_null() {
        // SAFETY: the library's function of this name has this type.
        let known = unsafe { std::mem::transmute::<*mut libc::c_void, Known>(found) };
        known(told);
    }
}

/// Hands on the identities of the arms that have run in this process, with a space between them; `*` if they are too many.
extern "C" fn told(hear: Hear) {
    // Nothing of this unwinds into the library.
    let text = std::panic::catch_unwind(|| {
        let declared = registry::declared();
        let ids = PointId::of_all(declared);
        let ran = declared.iter().zip(ids).filter(|(declared, _)| {
            !declared.point.kind.is_site() && declared.point.cell.seen.load(Relaxed) & seen::RAN != 0
        });
        let ids: Vec<String> = ran.map(|(_, id)| id.to_string()).collect();
        if ids.len() > ARMS_MAX { "*".to_owned() } else { ids.join(" ") }
    });
    if let Ok(text) = text {
        hear(text.as_ptr(), text.len());
    }
}
