//! The program in memory, without a table of modules: addresses made relative to a function of this crate.

use std::fs::File;
use std::io::Read as _;
use std::sync::OnceLock;

use crate::chain::id::Id;
use crate::memory::campaign::Campaign;

/// How many bits of a relative address are kept: as many as addresses of programs differ in.
const OFFSET_BITS: u32 = 48;

/// The program, which holds everything that is walked: std is linked into it, like every crate.
#[derive(Debug, Default)]
pub(crate) struct Modules;

impl Modules {
    /// Enters the program into the campaign.
    pub(crate) fn load(campaign: &Campaign) -> Modules {
        let path = std::env::current_exe().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        campaign.module(program_id(), path.as_bytes());
        Modules
    }

    /// The address relative to the program: equal in every process of one build, but for code in shared libraries.
    pub(crate) fn stable(&self, address: usize) -> (u64, u64) {
        (0, self.relative(address))
    }

    /// The address as the campaign keeps it.
    pub(crate) fn relative(&self, address: usize) -> u64 {
        (address as u64).wrapping_sub(anchor()) & ((1 << OFFSET_BITS) - 1)
    }
}

/// The number and offset of an address that [`Modules::relative`] gave: the program is the only module.
pub(crate) fn split(relative: u64) -> Option<(usize, u64)> {
    Some((0, relative))
}

/// The address that an offset stands for in this process.
pub(crate) fn address_of(offset: u64) -> usize {
    let above = anchor().wrapping_add(offset);
    // An offset below the anchor was cut to the bits that are kept.
    let negative = offset >> (OFFSET_BITS - 1) == 1;
    (if negative { above.wrapping_sub(1 << OFFSET_BITS) } else { above }) as usize
}

/// Where this crate's code stands.
fn anchor() -> u64 {
    program_id as fn() -> u64 as usize as u64
}

/// A number that differs between builds: of everything that the program's file holds.
#[inline(never)]
pub(crate) fn program_id() -> u64 {
    static ID: OnceLock<u64> = OnceLock::new();
    // Miri knows no file of the program.
    *ID.get_or_init(|| if cfg!(miri) { 1 } else { contents().unwrap_or(1) })
}

fn contents() -> Option<u64> {
    let mut file = File::open(std::env::current_exe().ok()?).ok()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    let (words, rest) = bytes.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let id = words.chain(rest.iter().map(|byte| u64::from(*byte) + 1)).fold(Id::EMPTY, Id::with);
    Some((id.lo ^ id.hi.rotate_left(32)).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_comes_back_from_its_offset() {
        for address in [anchor() as usize, anchor() as usize + 4096, anchor() as usize - 4096] {
            let (number, offset) = split(Modules.relative(address)).unwrap();
            assert_eq!((number, address_of(offset)), (0, address));
        }
    }

    #[test]
    fn the_program_has_a_number_that_stays() {
        assert_ne!(program_id(), 1);
        assert_eq!(contents(), Some(program_id()));
    }
}
