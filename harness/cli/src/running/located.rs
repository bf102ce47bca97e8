//! Addresses that a program's library has told of, as this process knows them: in files with numbers, and with names.

use std::path::Path;
use std::sync::Arc;

use firsthit::program::facts;

use crate::chains::frame::Frame;
use crate::chains::symbols::{Address, Module, Place, Symbols};

/// The files that addresses of one campaign lie in.
#[derive(Debug)]
pub(crate) struct Located {
    /// The preloaded library's.
    library: Module,
    /// By the campaign's numbers.
    modules: Vec<Module>,
}

impl Located {
    /// Of a campaign of which nothing is known.
    pub(crate) fn new(symbols: &Symbols, library: &Path) -> Located {
        Located { library: symbols.module(library), modules: Vec::new() }
    }

    /// Takes note of the files that the program has loaded since the last time.
    pub(crate) fn learn(&mut self, symbols: &Symbols, modules: &[facts::Module]) {
        let new = modules.iter().skip(self.modules.len());
        self.modules.extend(new.map(|module| symbols.module(&module.path)));
    }

    /// The addresses without those of the preloaded library.
    pub(crate) fn addresses(&self, list: &[facts::Address]) -> Vec<Address> {
        let module = |address: &facts::Address| address.module.and_then(|module| self.modules.get(module)).copied();
        let known = list.iter().map(|address| Address { module: module(address), offset: address.offset });
        known.filter(|address| address.module != Some(self.library)).collect()
    }

    /// The addresses of a chain, of the place that spawned its thread, and so on: without those of the preloaded library.
    pub(crate) fn key(&self, chain: &[facts::Address], spawners: &[Vec<facts::Address>]) -> Vec<Vec<Address>> {
        let lists = std::iter::once(chain).chain(spawners.iter().map(Vec::as_slice));
        lists.map(|list| self.addresses(list)).collect()
    }

    /// The frames of each list of addresses, innermost first, without those of the preloaded library.
    pub(crate) fn places(&self, symbols: &Symbols, lists: &[&[facts::Address]]) -> Vec<Vec<Arc<Place>>> {
        let lists: Vec<_> = lists.iter().map(|list| self.addresses(list)).collect();
        let mut frames = symbols.of(lists.concat()).into_iter();
        lists.iter().map(|list| frames.by_ref().take(list.len()).collect()).collect()
    }
}

/// A chain of its own.
pub(crate) fn whole(places: &[Arc<Place>]) -> Vec<Frame> {
    places.iter().flat_map(|place| place.frames.iter().cloned()).collect()
}
