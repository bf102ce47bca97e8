//! Names for code addresses: a thread that keeps the debugging information of every file it was asked about.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use addr2line::Loader;
use rustc_demangle::demangle;

/// A function at an address, and the place in it. Of functions inlined into each other there are several.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Symbol {
    /// Demangled, without the hash; `module+0xoffset` if no name is known.
    pub(crate) function: String,
    /// As the debugging information has it: an absolute path.
    pub(crate) file: Option<PathBuf>,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
}

/// A return address: the file it lies in, and how far behind that file's load base.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Address {
    pub(crate) module: PathBuf,
    pub(crate) offset: u64,
}

struct Question {
    addresses: Vec<Address>,
    answer: Sender<Vec<Vec<Symbol>>>,
}

/// The thread's door; copies ask the same thread.
#[derive(Clone, Debug)]
pub(crate) struct Symbols {
    ask: Sender<Question>,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.addresses).finish()
    }
}

impl Symbols {
    /// Starts the thread, which ends with the last copy of its door.
    pub(crate) fn start() -> Symbols {
        let (ask, questions) = channel();
        thread::spawn(move || serve(&questions));
        Symbols { ask }
    }

    /// The functions at each address, innermost first; at least one for each.
    pub(crate) fn of(&self, addresses: Vec<Address>) -> Vec<Vec<Symbol>> {
        let (answer, answers) = channel();
        let unnamed: Vec<_> = addresses.iter().map(|address| vec![nameless(address)]).collect();
        match self.ask.send(Question { addresses, answer }) {
            Ok(()) => answers.recv().unwrap_or(unnamed),
            Err(_) => unnamed,
        }
    }
}

fn serve(questions: &Receiver<Question>) {
    // A file that cannot be read stays `None`: nobody asks the disk twice.
    let mut files: HashMap<PathBuf, Option<Loader>> = HashMap::new();
    let mut known: HashMap<Address, Vec<Symbol>> = HashMap::new();
    while let Ok(Question { addresses, answer }) = questions.recv() {
        let named = addresses.into_iter().map(|address| {
            if let Some(symbols) = known.get(&address) {
                return symbols.clone();
            }
            let file = files.entry(address.module.clone()).or_insert_with(|| load(&address.module));
            let symbols = file.as_ref().map(|file| read(file, &address)).filter(|symbols| !symbols.is_empty());
            let symbols = symbols.unwrap_or_else(|| vec![nameless(&address)]);
            known.insert(address, symbols.clone());
            symbols
        });
        let _ = answer.send(named.collect());
    }
}

fn load(path: &Path) -> Option<Loader> {
    // Opening a pipe of that name would wait for its writer.
    std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    Loader::new(path).ok()
}

fn read(file: &Loader, address: &Address) -> Vec<Symbol> {
    // The call stands before the address that it returns to.
    let Some(probe) = address.offset.checked_sub(1).and_then(|at| at.checked_add(file.relative_address_base())) else {
        return Vec::new();
    };
    let mut symbols = Vec::new();
    if let Ok(mut frames) = file.find_frames(probe) {
        while let Ok(Some(frame)) = frames.next() {
            let name =
                frame.function.as_ref().and_then(|function| function.raw_name().ok().map(|name| demangled(&name)));
            let location = frame.location.as_ref();
            symbols.push(Symbol {
                function: name.unwrap_or_default(),
                file: location.and_then(|location| location.file).map(PathBuf::from),
                line: location.and_then(|location| location.line).filter(|line| *line != 0),
                column: location.and_then(|location| location.column).filter(|column| *column != 0),
            });
        }
    }
    // The outermost function is the one that the linker knows: line tables alone name functions without their paths.
    if symbols.last().is_none_or(|outermost| !outermost.function.contains("::"))
        && let Some(name) = file.find_symbol(probe)
    {
        let unplaced = Symbol { function: String::new(), file: None, line: None, column: None };
        let place = symbols.pop().unwrap_or(unplaced);
        symbols.push(Symbol { function: demangled(name), ..place });
    }
    for symbol in symbols.iter_mut().filter(|symbol| symbol.function.is_empty()) {
        symbol.function = nameless(address).function;
    }
    symbols
}

fn demangled(name: &str) -> String {
    if name.starts_with("_ZN") || name.starts_with("_R") {
        return format!("{:#}", demangle(name));
    }
    addr2line::demangle_auto(name.into(), None).into_owned()
}

fn nameless(address: &Address) -> Symbol {
    let module = address.module.file_name().map_or("unknown".into(), |name| name.to_string_lossy());
    Symbol { function: format!("{module}+{:#x}", address.offset), file: None, line: None, column: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_file_tells_is_named_by_its_place() {
        let symbols = Symbols::start();
        let address = |module: &str| Address { module: module.into(), offset: 16 };
        let named = symbols.of(vec![address("/no/such/lib.so"), address("/dev/null")]);
        let names: Vec<_> = named.iter().map(|frames| frames[0].function.as_str()).collect();
        assert_eq!(names, ["lib.so+0x10", "null+0x10"]);
    }

    #[test]
    fn this_programs_own_functions_are_named_with_their_lines() {
        let program = std::env::current_exe().unwrap();
        let loader = Loader::new(&program).unwrap();
        let probe = (0x1000..).step_by(64).take(1 << 20).find(|at| {
            let named =
                read(&loader, &Address { module: program.clone(), offset: at - loader.relative_address_base() });
            named.iter().any(|symbol| symbol.function.starts_with("cargo_firsthit::") && symbol.line.is_some())
        });
        assert!(probe.is_some());
    }
}
