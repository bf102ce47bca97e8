//! Making the unwind rules known of what is loaded now.

use super::modules;
use super::table::Table;

/// Takes note of the loaded modules; walks find only what has been noted or glibc 2.35 can find without a lock.
///
/// Call it before the first walk and whenever modules may have been unloaded, at the start of each scope say,
/// but never from inside the allocator: it takes the dynamic linker's locks. Where nothing has changed it
/// changes nothing. A module that takes an unloaded one's addresses between two calls is not noticed.
pub(crate) fn refresh() {
    if modules::note_loaded() {
        // Refusals of addresses in new modules must go as well as rules of old ones.
        Table::forget();
    }
}
