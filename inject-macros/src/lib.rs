//! The attributes of firsthit, which re-exports them: use them by way of that crate.

mod args;
mod attributes;
mod failures;
mod fallible;
mod function;
mod injectable;
mod instrument;
mod lookup;
mod mark;
mod not_injectable;
mod points;
mod reject;
mod returns;
mod test;
mod text;
mod words;

use proc_macro::TokenStream;

/// Makes a function a test that is swept: every call chain of it that allocates is failed once, on its first hit.
///
/// ```
/// // In a test binary this is a test; the attribute leaves nothing behind in other builds.
/// #[global_allocator]
/// static ALLOC: firsthit::Alloc = firsthit::Alloc::system();
///
/// fn squares(count: usize) -> Result<Vec<usize>, std::collections::TryReserveError> {
///     let mut squares = Vec::new();
///     squares.try_reserve_exact(count)?;
///     squares.extend((0..count).map(|n| n * n));
///     Ok(squares)
/// }
///
/// #[firsthit::test(deny(aborted), time_limit = "5s")]
/// fn squares_survive() -> Result<(), std::collections::TryReserveError> {
///     assert_eq!(squares(4)?, [0, 1, 4, 9]);
///     Ok(())
/// }
/// ```
///
/// The function takes nothing and returns nothing, or anything that is a `firsthit::Outcome`, such as a `Result`. It
/// becomes an ordinary `#[test]` of the same name, so `--exact`, `#[ignore]`, `#[should_panic]`, `#[cfg]` and every
/// other attribute on it mean what they mean on any test. It does what this does:
///
/// ```no_run
/// # type Error = std::collections::TryReserveError;
/// # fn squares_survive() -> Result<(), Error> { Ok(()) }
/// firsthit::Sweep::new()
///     .name("tests::squares_survive")
///     .deny(firsthit::Verdict::Aborted)
///     .time_limit(std::time::Duration::from_secs(5))
///     .check(squares_survive);
/// ```
///
/// # Arguments
/// In any order; all may be left out. What is not said here is said at the method of `firsthit::Sweep` of that name.
///
/// | argument | what it says | without it |
/// |---|---|---|
/// | `explorer = "worker"` | how an injection is isolated: `worker`, `snapshot`, `process`, `inline` | the one that fits |
/// | `mode = "once"` | what happens behind the failed allocation: `once`, `sticky`, `forbid` | `once` |
/// | `depth = 2` | 2: fail the chains of the recovery code as well | 1 |
/// | `workers = 4` | how many processes explore at a time, 1 to 64 | the processors |
/// | `time_limit = "500ms"` | how long one run may take, in whole `ms` or `s`, up to a day | 20 baselines, at least 2 s |
/// | `chains_max = 1_000` | for how many call chains there is room | 131,072 |
/// | `deny(aborted)` | verdicts that fail the test, though by default they only count | none |
/// | `allow("path", reason = "why")` | accepts findings with this in a function's path; may be repeated | none |
/// | `expect(is_no_memory)` | a path or closure, `Fn(&R) -> bool`: the errors that may surface | any error |
/// | `crate = a::path` | where firsthit is, for crates that re-export it | `::firsthit` |
///
/// # What it refuses
/// With the cure, on the word that is to blame: `async`, `const`, `unsafe` and `extern` functions, parameters, methods,
/// generic arguments, items that are no function, a second `#[test]` below it, and unknown, malformed or repeated arguments.
/// A `#[test]` above it is gone before this attribute is asked: such a test is listed and run twice.
#[proc_macro_attribute]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    let kept = item.clone();
    or_refused(test::expand(args.into(), item.into()), || kept)
}

/// Declares the sites and recovery arms of a function, an `impl` block, a trait or an inline module, so that those count
/// which no test has ever tried.
///
/// ```
/// struct Cache {
///     entries: Vec<u64>,
/// }
///
/// #[cfg_attr(test, firsthit::instrument)]
/// impl Cache {
///     fn insert(&mut self, entry: u64) -> Result<(), std::collections::TryReserveError> {
///         self.entries.try_reserve(1)?; // A site, and an arm.
///         self.entries.push(entry);
///         Ok(())
///     }
/// }
/// ```
///
/// What the code does, its types, its panics with their places, and what the compiler says of it stay as they were. Under
/// firsthit's feature `off` the item is given back as it is.
///
/// # Sites
/// Calls that can fail, by their names: `try_reserve`, `try_new…`, `try_push…`, `try_with_capacity…`, `alloc::alloc`,
/// `Allocator::grow`, `malloc`, `kmalloc` and their like. What fails for other reasons than memory, such as `try_into` and
/// `try_lock`, is none.
///
/// # Recovery arms
/// `?`, `match` arms on `Err`, `None` and `Break`, and those that are left for them; `if let` with `else` and without;
/// `let … else`; `map_err`, `ok_or`, `ok_or_else`, `or_else`, `unwrap_or`, `unwrap_or_else`, `unwrap_or_default`, `ok`;
/// `is_err`, `is_none` and `is_null` in conditions; and `let _ =` in front of a site.
///
/// A lookup answers, it does not fail: the `None` of `get`, `next`, `pop`, `find`, `checked_add`, `strip_prefix`, `as_ref` and
/// the like, of a variable or field, and of what is inside of a success, is no arm. `Err` always is.
///
/// # Arguments
/// | argument | what it says |
/// |---|---|
/// | `calls("my_alloc", "Pool::get")` | more sites: functions and methods by their last names |
/// | `skip("try_push", "map_err", "?")` | no sites of these names, no arms of these forms: `match`, `if let`, `if let else`, `if let without else`, `let else`, `let _`, `?`, or a method's name |
/// | `crate = a::path` | where firsthit is, for crates that re-export it |
///
/// # Marks
/// `#[firsthit::untested(reason = "..")]` and `#[firsthit::benign(reason = "..")]` excuse the arms of a function, a
/// statement, a block or a `match` arm. Where only tests annotate, write them as
/// `#[cfg_attr(test, firsthit::benign(reason = ".."))]`, because nothing takes them away in other builds.
///
/// # What it leaves alone
/// `const fn`, constants and everything else that the compiler runs; tests and what is `#[cfg(test)]`, whose own `?` recover from
/// nothing; items with an
/// `instrument` of their own; the arguments of macros, other than those of `format!`, `write!`, `print!`, `panic!`, `vec!`,
/// `matches!`, `assert_eq!` and their kin, and of `assert!` with a message; functions that are named and not called, such as
/// `map(Box::try_new)`; and methods called as functions, such as `Result::ok(value)`.
///
/// In a chain of conditions the `else` is one arm for all of its `let`s, whichever failed, and is listed once, with the text of
/// each of them.
///
/// A method that is annotated on its own is declared without its type's name, because a macro on a method is given the method
/// alone, and the item that declares it may not name `Self`. Such methods of one name in one module are told apart by
/// their order in the file: annotate the `impl` block instead.
///
/// # What it refuses
/// Modules in files of their own, functions without a body, a `const fn` on its own, items without code, unknown arguments;
/// and marks without a reason, on code without an arm, or two on the same code.
#[proc_macro_attribute]
pub fn instrument(args: TokenStream, item: TokenStream) -> TokenStream {
    let kept = item.clone();
    or_refused(instrument::expand(args.into(), item.into()), || mark::stripped(kept.into()).into())
}

/// Says that no test can reach these recovery arms, or that none needs to, and why: `untested(reason = "..")`.
///
/// It stands on functions, statements, blocks and `match` arms, where [`macro@instrument`] reads it and takes it away; on a
/// function alone it changes nothing.
#[proc_macro_attribute]
pub fn untested(args: TokenStream, item: TokenStream) -> TokenStream {
    or_refused(mark::on_an_item("untested", args.into(), item.clone().into()), || item)
}

/// Says that what failed may be dropped in these recovery arms, and why: `benign(reason = "..")`.
///
/// It stands where [`macro@untested`] can.
#[proc_macro_attribute]
pub fn benign(args: TokenStream, item: TokenStream) -> TokenStream {
    or_refused(mark::on_an_item("benign", args.into(), item.clone().into()), || item)
}

/// The expansion, or the refusal with the item, so that nothing else is reported about that.
fn or_refused(expanded: syn::Result<proc_macro2::TokenStream>, item: impl FnOnce() -> TokenStream) -> TokenStream {
    match expanded {
        Ok(tokens) => tokens.into(),
        Err(error) => {
            let mut tokens = TokenStream::from(error.into_compile_error());
            tokens.extend(item());
            tokens
        }
    }
}

/// Makes a function or method one that can be failed: before its body runs, once per call chain, on its first hit.
///
/// ```
/// use std::io;
///
/// struct Log(Vec<u8>);
///
/// impl Log {
///     #[firsthit::injectable(io = [StorageFull, Interrupted])]
///     fn append(&mut self, line: &str) -> io::Result<usize> {
///         self.0.extend_from_slice(line.as_bytes());
///         Ok(line.len())
///     }
/// }
/// # Log(Vec::new()).append("line").unwrap();
/// ```
///
/// Where a sweep injects the failure, the function returns it at once; outside of a sweep the attribute is a load and a
/// branch. `async` functions fail when they are first polled. In reports and in coverage the point has the function's
/// name.
///
/// # Arguments
/// What the function returns when it is failed. Each of several is injected in a run of its own.
///
/// | argument | what is returned |
/// |---|---|
/// | `Err(Error::Full)`, `None`, `-1`, any expression | that, evaluated only then; parameters can be used in it |
/// | `null` | a null pointer, const or mut as the function returns it |
/// | `io = StorageFull` | `Err` of an `io::Error` of that kind, converted by `From` as by a `?` |
/// | `errno = ENOSPC` | `Err` of an `io::Error` with that number of the operating system, likewise; on Unix |
/// | `io = [..]`, `errno = [..]` | several of them |
/// | `crate = a::path` | nothing: it says where firsthit is, for crates that re-export it |
///
/// # What is right to mark
/// A function that does nothing that others see before it fails: that is why its failure comes before its body. Where a
/// real failure would leave something done, such as a write of half a buffer, put
/// [`fail_point!`](../firsthit/macro.fail_point.html) behind what is done by then.
///
/// # What it refuses
/// With the cure, on the word that is to blame: functions that return nothing or never, `const` functions, declarations
/// without a body, items that are no function, no arguments, unknown words, closures, and what the type that is returned
/// cannot be.
#[proc_macro_attribute]
pub fn injectable(args: TokenStream, item: TokenStream) -> TokenStream {
    let kept = item.clone();
    match injectable::expand(args.into(), item.into()) {
        Ok(tokens) => tokens.into(),
        Err(error) => {
            // The item stays, so that nothing else is reported about it than the refusal.
            let mut tokens = TokenStream::from(error.into_compile_error());
            tokens.extend(kept);
            tokens
        }
    }
}
