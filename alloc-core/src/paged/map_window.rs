//! One page of the machine before the users of a map: mapped into the window, or taken out of it.
#![expect(unsafe_code, reason = "hands out the bytes of pages that nobody can touch meanwhile")]

use super::map_error::MapError;
use crate::error::AllocError;
use crate::host::contract::HostError;
use crate::machine::Machine;
use crate::page::pages::Pages;
use crate::units::PAGE_SIZE;

/// The bytes of a page of the machine that is not before anybody.
pub(super) fn bytes_of<'p>(machine: &Machine, pages: &'p mut Pages) -> &'p mut [u8] {
    // SAFETY: 1. The token is one of the machine's, so its frame lies within the arena, whose memory lives as long as the map's share of the
    // machine. 2. The token is borrowed exclusively, and the frame is mapped nowhere else while its bytes are used: pages are
    // unmapped before they are read, and filled before they are mapped. The one that is poison is nobody's to trust.
    unsafe {
        let begin = machine.arena.at(pages.frame().0 as usize * PAGE_SIZE);
        core::slice::from_raw_parts_mut(begin.as_ptr(), PAGE_SIZE)
    }
}

impl Machine {
    /// Maps one page into the window, if the machine may have one mapping more.
    pub(super) fn map_one(&self, at: usize, pages: &Pages) -> Result<(), MapError> {
        let most = self.raw().policy.mappings_max;
        let mut addresses = self.addresses.lock();
        if addresses.mappings >= most {
            return Err(MapError::Alloc(AllocError::NoMappings));
        }
        addresses.mappings += 1;
        drop(addresses);
        self.arena.map(at, pages.frame(), 1).map_err(|error| {
            self.addresses.lock().mappings -= 1;
            match error {
                HostError::System(number) => MapError::System(number),
                _ => MapError::Alloc(AllocError::NoMappings),
            }
        })
    }

    pub(super) fn unmap_one(&self, at: usize) {
        self.arena.unmap(at, 1);
        self.addresses.lock().mappings -= 1;
    }
}
