//! Frames of code addresses: a thread that keeps the debugging information of every file it was asked about.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use addr2line::Loader;
use firsthit::program::words::krate;
use rustc_demangle::demangle;

use crate::chains::frame::{Frame, Owner};
use crate::chains::owner::Owners;
use crate::chains::symbol::Symbol;

/// A file with code, by a number that holds for this process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Module(usize);

/// A return address: the file it lies in, if it lies in one, and how far behind that file's load base.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Address {
    pub(crate) module: Option<Module>,
    pub(crate) offset: u64,
}

struct Question {
    addresses: Vec<Address>,
    answer: Sender<Vec<Arc<Place>>>,
}

/// What stands at an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// Innermost first: at least one. Of functions inlined into each other each has one.
    pub(crate) frames: Vec<Frame>,
    /// Whether a failure in one of them tells nothing.
    pub(crate) is_quiet: bool,
    /// Whether one of them is a global allocator's.
    pub(crate) is_allocator: bool,
    /// Which of them is the first that is the test runner's, or that starts a program.
    pub(crate) runner: Option<usize>,
}

impl Place {
    pub(crate) fn of(frames: Vec<Frame>) -> Place {
        let is_quiet = frames.iter().any(Frame::is_quiet);
        let runs = |function: &str| krate(function) == Some("test") || function.starts_with("std::rt::lang_start");
        let runner = frames.iter().position(|frame| frame.owner == Owner::Std && runs(&frame.function));
        let is_allocator = frames.iter().any(Frame::is_allocator);
        Place { frames, is_quiet, is_allocator, runner }
    }
}

/// The thread's door; copies ask the same thread.
#[derive(Clone, Debug)]
pub(crate) struct Symbols {
    ask: Sender<Question>,
    modules: Arc<Mutex<Vec<PathBuf>>>,
}

impl Symbols {
    /// Starts the thread, which ends with the last copy of its door, and knows whose functions are.
    pub(crate) fn start(owners: Owners) -> Symbols {
        let (ask, questions) = channel();
        let modules = Arc::new(Mutex::new(Vec::new()));
        let files = Files { owners, modules: Arc::clone(&modules), loaded: HashMap::new(), known: HashMap::new() };
        thread::spawn(move || files.serve(&questions));
        Symbols { ask, modules }
    }

    /// The number of the file at `path`.
    pub(crate) fn module(&self, path: &Path) -> Module {
        let mut modules = lock(&self.modules);
        Module(modules.iter().position(|known| known == path).unwrap_or_else(|| {
            modules.push(path.to_owned());
            modules.len() - 1
        }))
    }

    /// What stands at each address.
    pub(crate) fn of(&self, addresses: Vec<Address>) -> Vec<Arc<Place>> {
        let (answer, answers) = channel();
        // The thread ends with this door, not before it.
        let asked = self.ask.send(Question { addresses, answer });
        asked.ok().and_then(|()| answers.recv().ok()).unwrap_or_default()
    }
}

fn lock(modules: &Mutex<Vec<PathBuf>>) -> MutexGuard<'_, Vec<PathBuf>> {
    modules.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the thread keeps.
struct Files {
    owners: Owners,
    modules: Arc<Mutex<Vec<PathBuf>>>,
    /// A file that cannot be read stays `None`: nobody asks the disk twice.
    loaded: HashMap<Module, Option<Loader>>,
    known: HashMap<Address, Arc<Place>>,
}

impl Files {
    fn serve(mut self, questions: &Receiver<Question>) {
        while let Ok(Question { addresses, answer }) = questions.recv() {
            let places = addresses.into_iter().map(|address| self.place(address)).collect();
            let _ = answer.send(places);
        }
    }

    fn place(&mut self, address: Address) -> Arc<Place> {
        if let Some(place) = self.known.get(&address) {
            return Arc::clone(place);
        }
        let path = address.module.and_then(|module| lock(&self.modules).get(module.0).cloned()).unwrap_or_default();
        let symbols = match address.module {
            Some(module) => {
                let file = self.loaded.entry(module).or_insert_with(|| load(&path));
                file.as_ref().map(|file| read(file, &path, address.offset)).unwrap_or_default()
            }
            None => Vec::new(),
        };
        let symbols = if symbols.is_empty() { vec![nameless(&path, address.offset)] } else { symbols };
        let frames = symbols.iter().map(|symbol| self.owners.frame(symbol, &path)).collect();
        let place = Arc::new(Place::of(frames));
        self.known.insert(address, Arc::clone(&place));
        place
    }
}

fn load(path: &Path) -> Option<Loader> {
    // Opening a pipe of that name would wait for its writer.
    std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    Loader::new(path).ok()
}

fn read(file: &Loader, path: &Path, offset: u64) -> Vec<Symbol> {
    // The call stands before the address that it returns to.
    let Some(probe) = offset.checked_sub(1).and_then(|at| at.checked_add(file.relative_address_base())) else {
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
        symbol.function = nameless(path, offset).function;
    }
    symbols
}

fn demangled(name: &str) -> String {
    if name.starts_with("_ZN") || name.starts_with("_R") {
        return format!("{:#}", demangle(name));
    }
    addr2line::demangle_auto(name.into(), None).into_owned()
}

fn nameless(path: &Path, offset: u64) -> Symbol {
    let module = path.file_name().map_or("unknown".into(), |name| name.to_string_lossy());
    Symbol { function: format!("{module}+{offset:#x}"), file: None, line: None, column: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_file_tells_is_named_by_its_place() {
        let symbols = Symbols::start(Owners::default());
        let [gone, null] = ["/no/such/lib.so", "/dev/null"].map(|path| Some(symbols.module(Path::new(path))));
        assert_eq!(Some(symbols.module(Path::new("/dev/null"))), null);
        let named = symbols.of([gone, null, None].map(|module| Address { module, offset: 16 }).to_vec());
        let names: Vec<_> = named.iter().map(|place| place.frames[0].function.as_str()).collect();
        assert_eq!(names, ["lib.so+0x10", "null+0x10", "unknown+0x10"]);
    }

    #[test]
    fn this_programs_own_functions_are_named_with_their_lines() {
        let program = std::env::current_exe().unwrap();
        let loader = Loader::new(&program).unwrap();
        let probe = (0x1000..).step_by(64).take(1 << 20).find(|at| {
            let named = read(&loader, &program, at - loader.relative_address_base());
            named.iter().any(|symbol| symbol.function.starts_with("cargo_firsthit::") && symbol.line.is_some())
        });
        assert!(probe.is_some());
    }
}
