//! Names for code addresses, read from the modules' files after a sweep and forgotten again.
//!
//! `backtrace::resolve` is not used: its process-wide lock may be held when a child is forked, and its cache outlives
//! the report. Nothing here is shared; what a file cannot tell is named `module+0xoffset`.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use addr2line::gimli::{self, EndianSlice, RunTimeEndian, SectionId};
use object::read::ReadCache;
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionKind, SymbolIndex, SymbolKind};

/// A file that is mapped into the process with code in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Module {
    /// The file, which need not exist any more.
    pub(crate) path: PathBuf,
}

/// A return address: which module it lies in, and how far behind that module's load base.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Address {
    pub(crate) module: usize,
    pub(crate) offset: u64,
}

/// A function, and the place in it that was running.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Symbol {
    /// Demangled, without the hash, with generic arguments; `module+0xoffset` if no name is known.
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
    /// Reads the symbols of `addresses`, opening each module's file once.
    pub(crate) fn resolve(modules: &[Module], addresses: &[Address]) -> Symbols {
        let mut wanted: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
        for address in addresses {
            wanted.entry(address.module).or_default().insert(address.offset);
        }
        let mut of = HashMap::new();
        for (module, offsets) in wanted {
            let path = modules.get(module).map(|module| module.path.as_path());
            let named = path.and_then(|path| read(path, &offsets)).unwrap_or_default();
            let mut named = named.into_iter().collect::<HashMap<u64, Vec<Symbol>>>();
            for offset in offsets {
                let symbols = named.remove(&offset).filter(|symbols| !symbols.is_empty());
                of.insert(Address { module, offset }, symbols.unwrap_or_else(|| vec![nameless(path, offset)]));
            }
        }
        Symbols { of }
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

/// What stands in for the name of a function that no file names.
fn nameless(path: Option<&Path>, offset: u64) -> Symbol {
    let module = path.and_then(Path::file_name).map_or("unknown".into(), |name| name.to_string_lossy());
    Symbol { function: format!("{module}+{offset:#x}"), file: None, line: None, column: None }
}

/// The symbols that the file at `path` has for `offsets`; `None` if it cannot be read as an object file.
fn read(path: &Path, offsets: &BTreeSet<u64>) -> Option<Vec<(u64, Vec<Symbol>)>> {
    // Opening a pipe of that name would wait for its writer.
    let file = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).and_then(|_| File::open(path).ok())?;
    let cache = ReadCache::new(file);
    let object = object::File::parse(&cache).ok()?;
    let debug_info = debug_info(&object);
    // Sorting it costs more than all look-ups, and with debugging information it is rarely asked.
    let table = LazyCell::new(|| SymbolTable::new(&object));
    let base = object.relative_address_base();
    // Functions that the linker left out are described at address 0, and data has symbols too.
    let code: Vec<Range<u64>> = object
        .sections()
        .filter(|section| section.kind() == SectionKind::Text)
        .map(|section| section.address()..section.address().saturating_add(section.size()))
        .collect();
    let named = offsets.iter().map(|&offset| {
        // The call stands before the address that it returns to.
        let probe = offset.checked_sub(1).and_then(|call| base.checked_add(call));
        let Some(probe) = probe.filter(|probe| code.iter().any(|range| range.contains(probe))) else {
            return (offset, Vec::new());
        };
        let mut symbols = debug_info.as_ref().map_or(Vec::new(), |context| inlined(context, probe));
        name_outermost(&mut symbols, || table.name(probe));
        for symbol in symbols.iter_mut().filter(|symbol| symbol.function.is_empty()) {
            symbol.function = nameless(Some(path), offset).function;
        }
        (offset, symbols)
    });
    Some(named.collect())
}

type Slice<'data> = EndianSlice<'data, RunTimeEndian>;
type Object<'data> = object::File<'data, &'data ReadCache<File>>;

/// The file's debugging information, as far as functions and lines need it; compressed sections count as absent.
fn debug_info<'data>(object: &Object<'data>) -> Option<addr2line::Context<Slice<'data>>> {
    let endian = if object.is_little_endian() { RunTimeEndian::Little } else { RunTimeEndian::Big };
    let load = |id: SectionId| -> Result<Slice<'data>, gimli::Error> {
        let unused = matches!(id, SectionId::DebugLoc | SectionId::DebugLocLists | SectionId::DebugTypes);
        let section = if unused { None } else { object.section_by_name(id.name()) };
        let data = section.and_then(|section| section.compressed_data().ok());
        let plain = data.filter(|data| data.format == object::CompressionFormat::None);
        Ok(EndianSlice::new(plain.map_or(&[], |plain| plain.data), endian))
    };
    addr2line::Context::from_dwarf(gimli::Dwarf::load(load).ok()?).ok()
}

/// The functions that debugging information names at `probe`, innermost first.
fn inlined(context: &addr2line::Context<Slice<'_>>, probe: u64) -> Vec<Symbol> {
    let mut symbols = Vec::new();
    let Ok(mut frames) = context.find_frames(probe).skip_all_loads() else { return symbols };
    while let Ok(Some(frame)) = frames.next() {
        let name = frame.function.as_ref().and_then(|function| function.raw_name().ok());
        let location = frame.location.as_ref();
        symbols.push(Symbol {
            function: name.map_or_else(String::new, |name| demangled(&name)),
            file: location.and_then(|location| location.file).map(PathBuf::from),
            line: location.and_then(|location| location.line).filter(|&line| line != 0),
            column: location.and_then(|location| location.column).filter(|&column| column != 0),
        });
    }
    symbols
}

/// Gives the outermost function, which is the one that the linker knows, the linker's `name` if its own has no path:
/// line tables alone name functions without one.
fn name_outermost(symbols: &mut Vec<Symbol>, name: impl FnOnce() -> Option<String>) {
    if symbols.last().is_none_or(|outermost| !has_path(&outermost.function))
        && let Some(function) = name()
    {
        let unplaced = Symbol { function: String::new(), file: None, line: None, column: None };
        let place = symbols.pop().unwrap_or(unplaced);
        symbols.push(Symbol { function, ..place });
    }
}

/// Whether a name says which module its function is in, not merely which types it is generic over.
fn has_path(function: &str) -> bool {
    function.starts_with('<') || function.split('<').next().is_some_and(|path| path.contains("::"))
}

fn demangled(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

/// The functions that the linker left names for, by their first address.
struct SymbolTable<'object, 'data> {
    object: &'object Object<'data>,
    functions: Vec<Function>,
}

struct Function {
    start: u64,
    size: u64,
    dynamic: bool,
    index: SymbolIndex,
}

impl<'object, 'data> SymbolTable<'object, 'data> {
    fn new(object: &'object Object<'data>) -> Self {
        let functions = |dynamic| {
            let symbols = if dynamic { object.dynamic_symbols() } else { object.symbols() };
            // Assembly routines often carry no type.
            let code = symbols.filter(|symbol| {
                symbol.is_definition() && matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Unknown)
            });
            code.map(move |symbol| Function {
                start: symbol.address(),
                size: symbol.size(),
                dynamic,
                index: symbol.index(),
            })
            .collect::<Vec<Function>>()
        };
        let mut functions: Vec<Function> = functions(false).into_iter().chain(functions(true)).collect();
        // Names with a size first, so that they win over labels at the same address.
        functions.sort_by_key(|function| (function.start, function.size == 0));
        functions.dedup_by_key(|function| function.start);
        SymbolTable { object, functions }
    }

    /// The name of the function that `probe` lies in. A name is read when it is asked for: each is a read of the file.
    fn name(&self, probe: u64) -> Option<String> {
        let behind = self.functions.partition_point(|function| function.start <= probe);
        let function = self.functions.get(behind.checked_sub(1)?)?;
        if function.size != 0 && probe - function.start >= function.size {
            return None;
        }
        let table = if function.dynamic { self.object.dynamic_symbol_table() } else { self.object.symbol_table() };
        let symbol = object::ObjectSymbolTable::symbol_by_index(&table?, function.index).ok()?;
        symbol.name().ok().filter(|name| !name.is_empty()).map(demangled)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{Address, Module, Symbol, Symbols};
    use std::path::PathBuf;
    use std::process::Command;

    fn own_module() -> Module {
        Module { path: std::env::current_exe().unwrap() }
    }

    /// The address in the test binary that its first segment was loaded at.
    fn own_base() -> u64 {
        let path = own_module().path;
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let line = maps.lines().find(|line| line.ends_with(path.to_str().unwrap())).unwrap();
        u64::from_str_radix(line.split_once('-').unwrap().0, 16).unwrap()
    }

    #[inline(never)]
    fn standing(line: &mut u32) -> Vec<Address> {
        *line = line!() + 1;
        inlined_into_it()
    }

    #[inline(always)]
    fn inlined_into_it() -> Vec<Address> {
        let base = own_base();
        let mut chain = Vec::new();
        backtrace::trace(|frame| {
            chain.push(Address { module: 0, offset: (frame.ip() as u64).wrapping_sub(base) });
            true
        });
        chain
    }

    fn names(symbols: &[Symbol]) -> Vec<&str> {
        symbols.iter().map(|symbol| symbol.function.as_str()).collect()
    }

    #[test]
    #[cfg_attr(not(debug_assertions), ignore = "needs the debugging information of a dev build")]
    fn a_function_and_what_was_inlined_into_it_are_named_with_file_and_line() {
        let mut line = 0;
        let chain = standing(&mut line);
        let symbols = Symbols::resolve(&[own_module()], &chain);
        let expanded = symbols.chain(&chain);
        let place = names(&expanded).iter().position(|name| name.ends_with("::tests::standing")).unwrap();
        assert_eq!(expanded[place].function, "firsthit::symbols::tests::standing");
        assert_eq!(expanded[place].line, Some(line));
        assert_eq!(expanded[place].column, Some(9));
        assert!(expanded[place].file.as_ref().unwrap().ends_with("src/symbols.rs"), "{:?}", expanded[place]);
        assert_eq!(expanded[place - 1].function, "firsthit::symbols::tests::inlined_into_it");
        let shared = chain.iter().find(|&&address| symbols.of(address).contains(&expanded[place])).unwrap();
        assert!(symbols.of(*shared).contains(&expanded[place - 1]), "both stand at one return address");
    }

    #[inline(never)]
    fn ends_with_a_call() -> ! {
        leaves_with_its_chain()
    }

    #[inline(never)]
    fn leaves_with_its_chain() -> ! {
        std::panic::resume_unwind(Box::new(standing(&mut 0)))
    }

    #[test]
    fn a_return_address_is_looked_up_at_its_call() {
        // Nothing stands behind the call, so that its return address belongs to the next function.
        let chain = std::panic::catch_unwind(|| ends_with_a_call()).unwrap_err().downcast::<Vec<Address>>().unwrap();
        let expanded = Symbols::resolve(&[own_module()], &chain).chain(&chain);
        let leaves = expanded.iter().position(|symbol| symbol.function.ends_with("leaves_with_its_chain")).unwrap();
        assert_eq!(expanded[leaves + 1].function, "firsthit::symbols::tests::ends_with_a_call");
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let pipe = std::env::temp_dir().join(format!("firsthit-pipe-{}", std::process::id()));
        if Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
            let chain = [Address { module: 0, offset: 1 }];
            let symbols = Symbols::resolve(&[Module { path: pipe.clone() }], &chain);
            std::fs::remove_file(&pipe).unwrap();
            assert!(symbols.of(chain[0])[0].function.ends_with("+0x1"));
        }
    }

    #[test]
    fn a_stripped_file_gives_module_and_offset() {
        let stripped = std::env::temp_dir().join(format!("firsthit-stripped-{}", std::process::id()));
        let strip = Command::new("strip").arg("-s").arg("-o").arg(&stripped).arg(own_module().path).status();
        if !strip.is_ok_and(|status| status.success()) {
            return;
        }
        let chain = standing(&mut 0);
        let own = chain.iter().take_while(|address| address.offset < u64::from(u32::MAX)).copied().collect::<Vec<_>>();
        let symbols = Symbols::resolve(&[Module { path: stripped.clone() }], &own).chain(&own);
        std::fs::remove_file(&stripped).unwrap();
        assert_eq!(symbols.len(), own.len());
        let file = stripped.file_name().unwrap().to_str().unwrap();
        assert_eq!(symbols[1].function, format!("{file}+{:#x}", own[1].offset));
        assert_eq!((&symbols[1].file, symbols[1].line, symbols[1].column), (&None, None, None));
    }

    #[test]
    fn without_debugging_information_the_linkers_names_are_left() {
        let bare = std::env::temp_dir().join(format!("firsthit-bare-{}", std::process::id()));
        let strip = Command::new("strip").arg("-g").arg("-o").arg(&bare).arg(own_module().path).status();
        if !strip.is_ok_and(|status| status.success()) {
            return;
        }
        let chain = standing(&mut 0);
        let symbols = Symbols::resolve(&[Module { path: bare.clone() }], &chain).chain(&chain);
        std::fs::remove_file(&bare).unwrap();
        let own = symbols.iter().find(|symbol| symbol.function == "firsthit::symbols::tests::standing").unwrap();
        assert_eq!((&own.file, own.line), (&None, None));
    }

    #[test]
    fn a_name_without_a_path_takes_the_linkers_and_keeps_its_place() {
        let symbol = |function: &str| Symbol { function: function.to_owned(), file: None, line: Some(5), column: None };
        let mut symbols = vec![symbol("inner"), symbol("push<u64, alloc::alloc::Global>")];
        super::name_outermost(&mut symbols, || Some("alloc::vec::Vec<T,A>::push".to_owned()));
        assert_eq!(symbols, [symbol("inner"), symbol("alloc::vec::Vec<T,A>::push")]);
        super::name_outermost(&mut symbols, || unreachable!("the name has a path"));
    }

    #[test]
    fn a_missing_file_a_text_file_a_folder_and_no_module_give_offsets() {
        let text = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let paths = ["/no/such/lib.so".into(), text, std::env::temp_dir(), "/dev/zero".into(), "[vdso]".into()];
        let modules = paths.map(|path| Module { path });
        let chain = [0, 1, 2, 3, 4, 5, usize::MAX].map(|module| Address { module, offset: 0x1a });
        let symbols = Symbols::resolve(&modules, &chain).chain(&chain);
        let expected =
            ["lib.so+0x1a", "Cargo.toml+0x1a", "TMP", "zero+0x1a", "[vdso]+0x1a", "unknown+0x1a", "unknown+0x1a"];
        for (name, expected) in names(&symbols).into_iter().zip(expected) {
            assert!(name == expected || expected == "TMP" && name.ends_with("+0x1a"), "{name}");
        }
    }

    #[test]
    fn offsets_outside_of_every_function_have_no_name() {
        let chain = [0, 1, u64::MAX].map(|offset| Address { module: 0, offset });
        let module = own_module();
        let file = module.path.file_name().unwrap().to_str().unwrap().to_owned();
        let symbols = Symbols::resolve(&[module], &chain).chain(&chain);
        assert_eq!(names(&symbols), [0, 1, u64::MAX].map(|offset| format!("{file}+{offset:#x}")));
    }

    #[test]
    fn hashes_are_removed_and_generic_arguments_kept() {
        assert_eq!(
            super::demangled("_ZN5alloc3vec16Vec$LT$T$C$A$GT$4push17h0123456789abcdefE"),
            "alloc::vec::Vec<T,A>::push"
        );
        assert_eq!(super::demangled("_RNvNtCs1234_7mycrate3foo3bar"), "mycrate::foo::bar");
        assert_eq!(super::demangled("malloc"), "malloc");
    }

    #[test]
    fn generic_arguments_are_no_path() {
        assert!(!super::has_path("push<u64, alloc::alloc::Global>"));
        assert!(!super::has_path("{closure#0}") && !super::has_path(""));
        assert!(super::has_path("alloc::vec::Vec<T,A>::push") && super::has_path("<T as demo::Own>::f"));
    }
}
