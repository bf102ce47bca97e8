//! The lines of a call chain: the user's frames in full, std's folded, firsthit's left out.

use std::fmt::{self, Formatter};

use super::escape;
use super::frames::{Frames, Owner};
use super::name;
use crate::symbols::Symbol;

/// Chains of more lines than this lose their middle.
const LINES_MAX: usize = 40;
/// What stays at the outer end of such a chain.
const LINES_OUTER: usize = 8;
/// The functions through which Rust code enters the allocator, in their two manglings.
const ALLOCATOR_SHIMS: [&str; 6] = [
    "__rustc::__rust_alloc",
    "__rustc::__rust_alloc_zeroed",
    "__rustc::__rust_realloc",
    "__rust_alloc",
    "__rust_alloc_zeroed",
    "__rust_realloc",
];
/// The longest recursion that is recognised, in lines.
const CYCLE_MAX: usize = 8;

/// The lines of `chain`, innermost first.
pub(super) fn lines(frames: Frames<'_>, chain: &[Symbol]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut std = Run::default();
    for symbol in told(frames, chain) {
        match frames.owner(symbol) {
            Owner::Firsthit => {}
            Owner::Std(krate) => std.push(krate, symbol),
            owner => {
                lines.extend(std.folded());
                std = Run::default();
                lines.push(line(frames, symbol, &owner));
            }
        }
    }
    lines.extend(std.folded());
    if lines.is_empty() {
        lines.push("… no frames are known".to_owned());
    }
    without_middle(without_cycles(&lines))
}

/// The part of a chain that tells something.
///
/// What stands inside the allocator's door is the allocator, which is the same in every chain and not what failed. What
/// called the outermost function with a name of its own is the test runner or the start of a thread.
fn told<'a>(frames: Frames<'_>, chain: &'a [Symbol]) -> &'a [Symbol] {
    let chain = &chain[inside_allocator(chain)..];
    let named = |symbol: &Symbol| match frames.owner(symbol) {
        Owner::User | Owner::Dependency(_) => true,
        Owner::Nameless => !symbol.function.contains("+0x"),
        Owner::Std(_) | Owner::Firsthit => false,
    };
    chain.iter().rposition(named).map_or(chain, |outermost| &chain[..=outermost])
}

/// How many frames stand inside the allocator, its door included.
fn inside_allocator(chain: &[Symbol]) -> usize {
    let shim = |symbol: &Symbol| ALLOCATOR_SHIMS.contains(&symbol.function.as_str());
    if let Some(door) = chain.iter().position(shim) {
        return door + 1;
    }
    // Optimised, the shim is a jump without a frame, and allocators that wrap each other stand in line.
    let door = |symbol: &Symbol| symbol.function.contains("core::alloc::global::GlobalAlloc");
    let Some(first) = chain.iter().position(door) else { return 0 };
    first + chain[first..].iter().take_while(|&symbol| door(symbol)).count()
}

/// The function that tells where the cause lies: the innermost of the user's or a dependency's, else the innermost.
pub(super) fn cause<'a>(frames: Frames<'_>, chain: &'a [Symbol]) -> Option<(&'a Symbol, Owner)> {
    let mut fallback = None;
    for symbol in told(frames, chain) {
        match frames.owner(symbol) {
            Owner::Firsthit => {}
            owner @ (Owner::User | Owner::Dependency(_)) => return Some((symbol, owner)),
            owner => {
                // A bare offset still tells more than a function of std.
                let better = matches!((&fallback, &owner), (None, _) | (Some((_, Owner::Std(_))), Owner::Nameless));
                if better {
                    fallback = Some((symbol, owner));
                }
            }
        }
    }
    fallback
}

/// What asked for the memory, as people call it: the function of std that the innermost other code called, or that
/// code itself.
pub(super) fn asker(frames: Frames<'_>, chain: &[Symbol]) -> Option<String> {
    let own = |symbol: &&Symbol| frames.owner(symbol) != Owner::Firsthit;
    let mut outermost_std = None;
    for symbol in told(frames, chain).iter().filter(own) {
        match frames.owner(symbol) {
            Owner::Std(_) => outermost_std = Some(symbol),
            _ if outermost_std.is_none() => return Some(escape::name(&name::plain(&symbol.function))),
            _ => break,
        }
    }
    outermost_std.map(called)
}

/// A function of std as one calls it. Line tables alone give no path, and then the file's name tells most of it.
fn called(symbol: &Symbol) -> String {
    let short = name::short(&symbol.function);
    let file = symbol.file.as_ref().filter(|_| !short.contains("::"));
    let module = file.and_then(|file| {
        let stem = file.file_stem()?;
        if stem == "mod" { file.parent()?.file_name() } else { Some(stem) }
    });
    match module {
        Some(module) if module != "lib" => escape::name(&format!("{}::{short}", module.to_string_lossy())),
        _ => escape::name(&short),
    }
}

fn line(frames: Frames<'_>, symbol: &Symbol, owner: &Owner) -> String {
    let mut line = escape::name(&name::plain(&symbol.function));
    if let Some(place) = frames.place(symbol) {
        line.push_str(&format!(" at {place}"));
    }
    if matches!(owner, Owner::Dependency(_)) {
        line.push_str(" (dependency)");
    }
    line
}

/// Neighbouring frames of the standard library.
#[derive(Default)]
struct Run {
    count: usize,
    crates: Vec<String>,
    /// The outermost function so far: the one that other code called.
    called: String,
}

impl Run {
    fn push(&mut self, krate: String, symbol: &Symbol) {
        self.count += 1;
        if !krate.is_empty() && !self.crates.contains(&krate) {
            self.crates.insert(0, krate);
        }
        self.called = called(symbol);
    }

    fn folded(&self) -> Option<String> {
        let Run { count, crates, called } = self;
        let plural = if *count == 1 { "" } else { "s" };
        let crates = if crates.is_empty() { "the runtime".to_owned() } else { escape::name(&crates.join(", ")) };
        (*count != 0).then(|| format!("… {count} frame{plural} in {crates} ({called})"))
    }
}

/// Says of lines that recur right behind each other how often they do, as recursion leaves them.
fn without_cycles(lines: &[String]) -> Vec<String> {
    let mut out = Vec::with_capacity(lines.len());
    let mut at = 0;
    while at < lines.len() {
        let again = |length: usize| {
            let cycle = &lines[at..at + length];
            lines[at + length..].chunks_exact(length).take_while(|chunk| *chunk == cycle).count()
        };
        let longest = CYCLE_MAX.min((lines.len() - at) / 2);
        let found = (1..=longest).map(|length| (length, again(length))).find(|&(length, again)| again * length > 1);
        let (length, again) = found.unwrap_or((1, 0));
        out.extend_from_slice(&lines[at..at + length]);
        match again {
            0 => {}
            _ if length == 1 => out.push(format!("… the same frame {again} more times")),
            1 => out.push(format!("… the same {length} lines once more")),
            _ => out.push(format!("… the same {length} lines {again} more times")),
        }
        at += length * (again + 1);
    }
    out
}

fn without_middle(mut lines: Vec<String>) -> Vec<String> {
    if lines.len() > LINES_MAX {
        let inner = LINES_MAX - LINES_OUTER - 1;
        let left_out = lines.len() - inner - LINES_OUTER;
        lines.splice(inner..inner + left_out, [format!("… {left_out} lines left out")]);
    }
    lines
}

/// Writes lines below a heading.
pub(super) fn indented(f: &mut Formatter<'_>, lines: &[String]) -> fmt::Result {
    lines.iter().try_for_each(|line| write!(f, "\n    {line}"))
}

#[cfg(test)]
mod tests {
    use super::{Frames, asker, cause, lines};
    use crate::explain::sample::{chain, symbol};
    use std::path::Path;

    const PUSH: [&str; 3] = [
        "__rustc::__rust_alloc",
        "alloc::raw_vec::RawVecInner<A>::try_allocate_in alloc/src/raw_vec.rs:460:41",
        "alloc::vec::Vec<T,A>::push alloc/src/vec/mod.rs:2600:9",
    ];

    fn frames() -> Frames<'static> {
        Frames { base: Path::new("/home/ann/demo") }
    }

    #[test]
    fn runs_of_std_are_folded_under_the_function_that_was_called() {
        let mut functions = vec!["firsthit::door::alloc", "firsthit_registers"];
        functions.push("<demo::Counting as core::alloc::GlobalAlloc>::alloc src/lib.rs:1:1");
        functions.extend(PUSH);
        functions.extend([
            "demo::read<T>::{{closure}} src/lib.rs:10:5",
            "core::iter::Iterator::for_each core/src/iter.rs:1:1",
            "demo::tests::reads src/lib.rs:90:9",
            "core::ops::function::FnOnce::call_once core/src/ops/function.rs:250:5",
            "test::run_test test/src/lib.rs:1:1",
            "libc.so.6+0x2724a",
        ]);
        let chain = chain(&functions);
        assert_eq!(
            lines(frames(), &chain),
            [
                "… 2 frames in alloc (Vec::push)",
                "demo::read::{{closure}} at src/lib.rs:10:5",
                "… 1 frame in core (Iterator::for_each)",
                "demo::tests::reads at src/lib.rs:90:9",
            ]
        );
        assert_eq!(asker(frames(), &chain).as_deref(), Some("Vec::push"));
        assert_eq!(cause(frames(), &chain).unwrap().0.line, Some(10));
    }

    #[test]
    fn a_dependency_is_named_and_is_a_cause() {
        let mut functions = PUSH.to_vec();
        functions.push("smallvec::SmallVec<A>::grow dep/smallvec-1.13.2/src/lib.rs:5:6");
        functions.push("demo::read src/lib.rs:10:5");
        let chain = chain(&functions);
        assert_eq!(
            lines(frames(), &chain)[1],
            "smallvec::SmallVec::grow at smallvec-1.13.2/src/lib.rs:5:6 (dependency)"
        );
        assert_eq!(cause(frames(), &chain).unwrap().0.line, Some(5));
    }

    #[test]
    fn the_allocator_is_no_part_of_the_story() {
        let wrapped = [
            "demo::Inner::count src/lib.rs:1:1",
            "<demo::Inner as core::alloc::global::GlobalAlloc>::alloc src/lib.rs:2:1",
            "core::alloc::global::GlobalAlloc::alloc_zeroed core/src/alloc/global.rs:1:1",
            "<demo::Outer<A> as core::alloc::global::GlobalAlloc>::alloc_zeroed src/lib.rs:3:1",
            "demo::read src/lib.rs:10:5",
        ];
        assert_eq!(lines(frames(), &chain(&wrapped)), ["demo::read at src/lib.rs:10:5"]);
        assert_eq!(cause(frames(), &chain(&wrapped)).unwrap().0.line, Some(10));
        assert_eq!(asker(frames(), &chain(&wrapped)).as_deref(), Some("demo::read"));
    }

    #[test]
    fn functions_of_std_without_a_path_are_named_after_their_file() {
        for (function, expected) in [
            ("push<u64, alloc::alloc::Global> alloc/src/vec/mod.rs:1:1", "vec::push"),
            ("new<u64> alloc/src/boxed.rs:1:1", "boxed::new"),
            ("f alloc/src/lib.rs:1:1", "f"),
        ] {
            assert_eq!(asker(frames(), &chain(&[function, "demo::read src/lib.rs:10:5"])).as_deref(), Some(expected));
        }
    }

    #[test]
    fn code_that_calls_the_allocator_itself_is_the_asker() {
        let chain = chain(&["demo::Arena<T>::grow src/arena.rs:3:4"]);
        assert_eq!(asker(frames(), &chain).as_deref(), Some("demo::Arena::grow"));
    }

    #[test]
    fn chains_of_std_alone_or_of_nothing_still_have_a_line() {
        assert_eq!(lines(frames(), &chain(&PUSH)), ["… 2 frames in alloc (Vec::push)"]);
        assert_eq!(lines(frames(), &chain(&["main"])), ["… 1 frame in the runtime (main)"]);
        assert_eq!(lines(frames(), &[]), ["… no frames are known"]);
        assert_eq!(lines(frames(), &chain(&["firsthit::f"])), ["… no frames are known"]);
        assert!(cause(frames(), &[]).is_none() && asker(frames(), &[]).is_none());
        assert_eq!(cause(frames(), &chain(&["main", "app+0x12"])).unwrap().0.function, "app+0x12");
    }

    #[test]
    fn recursion_is_counted() {
        let mut functions = vec!["demo::leaf src/lib.rs:1:1"];
        functions.extend(["demo::node src/lib.rs:2:1", "demo::children src/lib.rs:3:1"].repeat(500));
        functions.push("demo::top src/lib.rs:4:1");
        assert_eq!(
            lines(frames(), &chain(&functions)),
            [
                "demo::leaf at src/lib.rs:1:1",
                "demo::node at src/lib.rs:2:1",
                "demo::children at src/lib.rs:3:1",
                "… the same 2 lines 499 more times",
                "demo::top at src/lib.rs:4:1",
            ]
        );
    }

    #[test]
    fn long_chains_lose_their_middle() {
        let chain: Vec<_> = (1..=100).map(|line| symbol(&format!("demo::f{line} src/lib.rs:{line}:1"))).collect();
        let lines = lines(frames(), &chain);
        assert_eq!(lines.len(), super::LINES_MAX);
        assert_eq!(lines[30], "demo::f31 at src/lib.rs:31:1");
        assert_eq!(lines[31], "… 61 lines left out");
        assert_eq!(lines[32], "demo::f93 at src/lib.rs:93:1");
    }
}
