//! Names for code addresses of this process, as the `backtrace` crate finds them.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use crate::chain::module::address_of;

/// The program; its file is not read by this crate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Module {
    pub(crate) path: PathBuf,
}

/// A return address, relative to the program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Address {
    pub(crate) module: usize,
    pub(crate) offset: u64,
}

/// A function, and the place in it that was running.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Symbol {
    /// Demangled, without the hash; `program+0xoffset` if no name is known.
    pub(crate) function: String,
    pub(crate) file: Option<PathBuf>,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
}

/// The symbols of the addresses that they were read for.
pub(crate) struct Symbols {
    of: HashMap<Address, Vec<Symbol>>,
}

impl Symbols {
    /// Finds the symbols of `addresses`.
    pub(crate) fn resolve(_modules: &[Module], addresses: &[Address]) -> Symbols {
        let wanted: BTreeSet<Address> = addresses.iter().copied().collect();
        Symbols { of: wanted.into_iter().map(|address| (address, named(address))).collect() }
    }

    /// The functions at one address, those inlined into each other, innermost first.
    pub(crate) fn of(&self, address: Address) -> &[Symbol] {
        self.of.get(&address).map_or(&[], Vec::as_slice)
    }

    /// A whole chain, innermost first, with inlined functions expanded.
    pub(crate) fn chain(&self, addresses: &[Address]) -> Vec<Symbol> {
        addresses.iter().flat_map(|&address| self.of(address).iter().cloned()).collect()
    }
}

fn named(address: Address) -> Vec<Symbol> {
    let nameless = || format!("program+{:#x}", address.offset);
    let mut symbols = Vec::new();
    // The crate itself looks one byte before the address, where the call stands.
    backtrace::resolve(std::ptr::without_provenance_mut(address_of(address.offset)), |symbol| {
        symbols.push(Symbol {
            function: symbol.name().map_or_else(nameless, |name| format!("{name:#}")),
            file: symbol.filename().map(PathBuf::from),
            line: symbol.lineno(),
            column: symbol.colno(),
        });
    });
    if symbols.is_empty() {
        symbols.push(Symbol { function: nameless(), file: None, line: None, column: None });
    }
    symbols
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::module::{Modules, split};

    #[test]
    fn a_return_address_is_named_and_an_address_outside_is_not() {
        let mut chain = Vec::new();
        backtrace::trace(|frame| {
            let (module, offset) = split(Modules.relative(frame.ip().addr())).unwrap();
            chain.push(Address { module, offset });
            true
        });
        let symbols = Symbols::resolve(&[], &chain).chain(&chain);
        assert!(symbols.iter().any(|symbol| symbol.function.contains("a_return_address_is_named")), "{symbols:?}");
        let (module, offset) = split(Modules.relative(1)).unwrap();
        let outside = Address { module, offset };
        let symbols = Symbols::resolve(&[], &[outside]);
        assert_eq!(symbols.of(outside)[0].function, format!("program+{offset:#x}"));
    }
}
