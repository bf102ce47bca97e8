//! The front door of fail points: places of the code that say themselves that they can fail, and how.

use std::hint::cold_path;
use std::ptr;

use crate::annotation::kind::Kind;
use crate::annotation::point::{Function, Point};
use crate::annotation::registry::functions;
use crate::chain::id::Id;
use crate::inject::decision::{goes_on, strikes};
use crate::memory::record::NONE;
use crate::scope::armed::armed;
use crate::scope::shared::phase;
use crate::scope::thread;
use crate::scope::tip::Alternative;

/// A place that can fail: during a sweep the enclosing function returns there, once per call chain, on its first hit.
///
/// `fail_point!("name", value)` is a statement. Where its failure is injected it is `return value`: coerced as a
/// `return` would be, and evaluated only then, with nothing failing in it. Outside of a sweep it is a load and a
/// branch; there is nothing to set up, and other tests do not see it.
///
/// ```
/// use std::io::{self, ErrorKind, Write};
///
/// fn append(log: &mut impl Write, line: &str) -> io::Result<()> {
///     firsthit::fail_point!("the disk is full", Err(io::Error::from(ErrorKind::StorageFull)));
///     log.write_all(line.as_bytes())
/// }
/// # append(&mut Vec::new(), "line").unwrap();
/// ```
///
/// Several values in brackets are tried one by one, each in a run of its own:
///
/// ```
/// # use std::io::{self, ErrorKind, Read};
/// fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
///     firsthit::fail_point!("read", [
///         Err(ErrorKind::Interrupted.into()),
///         Err(ErrorKind::ConnectionReset.into()),
///         // The other side has closed.
///         Ok(0),
///     ]);
///     source.read(buffer)
/// }
/// # fill(&mut &b"text"[..], &mut [0; 4]).unwrap();
/// ```
///
/// An array that is to be returned itself stands in parentheses: `([1, 2, 3])`. In a closure or an `async` block the
/// `return` is that of the closure or block. What stands before the point has happened when it fails: put it where
/// the real failure would come from.
///
/// The name is for people, in reports; two points may share one. Where firsthit is a dev-dependency, the statement is
/// `#[cfg(test)] firsthit::fail_point!(..);`.
#[macro_export]
macro_rules! fail_point {
    ($name:literal, [$($value:expr),+ $(,)?] $(,)?) => {
        $crate::__fail!($name, [$(::core::stringify!($value) => $value),+])
    };
    ($name:literal, [] $(,)?) => {
        ::core::compile_error!("a fail point without a value cannot fail\nhelp: put what it may return into the brackets: `[Err(a), Err(b)]`")
    };
    ($name:literal, $(move)? || $($closure:tt)*) => {
        $crate::fail_point!($name, |$($closure)*)
    };
    ($name:literal, $(move)? |$($closure:tt)*) => {
        ::core::compile_error!("a fail point takes what is returned, not a closure that makes it\nhelp: leave the `|..|` out: the expression is evaluated only where the failure is injected")
    };
    ($name:literal, $value:expr $(,)?) => {
        $crate::__fail!($name, [::core::stringify!($value) => $value])
    };
    ($name:literal $(,)?) => {
        ::core::compile_error!("nobody knows what this fail point returns\nhelp: say it behind the name: `fail_point!(\"name\", Err(error))`, or `()` in a function that returns nothing")
    };
    ($name:literal, $value:expr, $($more:tt)+) => {
        ::core::compile_error!("a fail point takes a name and a value\nhelp: put several values into brackets, each is tried in a run of its own: `fail_point!(\"name\", [Err(a), Err(b)])`")
    };
    ($($other:tt)*) => {
        ::core::compile_error!("a fail point begins with its name, a text that stands there literally\nhelp: write it like this: `fail_point!(\"the disk is full\", Err(error))`")
    };
}

/// A fail point that is switched off: what it would return still has to have the right type.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "off")]
macro_rules! __fail {
    ($name:literal, [$($text:expr => $value:expr),+]) => {{
        $(if false {
            #[allow(unused_parens, clippy::unused_unit, reason = "`([1, 2])` and `()` are values like others")]
            return $value;
        })+
    }};
}

/// A fail point whose alternatives have texts of their own.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "off"))]
macro_rules! __fail {
    ($name:literal, [$($text:expr => $value:expr),+]) => {{
        $crate::__function!(__FIRSTHIT_POINT, $name, 1, [
            FailPoint $name 0, ::core::line!(), ::core::column!();
        ]);
        if let ::core::option::Option::Some(mut injected) = $crate::__private::injected(&__FIRSTHIT_POINT, &[$($text),+]) {
            $(if injected.is_this() {
                #[allow(unused_parens, clippy::unused_unit, reason = "`([1, 2])` and `()` are values like others")]
                return $value;
            })+
        }
    }};
}

/// A failure that is delivered at a fail point: which of its alternatives is to be returned.
#[doc(hidden)]
#[derive(Debug)]
pub struct Injected(u32);

impl Injected {
    /// Whether it is this alternative: to be asked for one after the other, in their order.
    ///
    /// If it is, its value is about to be made: nothing fails on this thread until the caller returns it.
    #[inline(never)]
    pub fn is_this(&mut self) -> bool {
        let this = self.0 == 0;
        self.0 = self.0.wrapping_sub(1);
        if this {
            make_failure(true);
        }
        this
    }
}

impl Drop for Injected {
    fn drop(&mut self) {
        make_failure(false);
    }
}

fn make_failure(now: bool) {
    if let Some(thread) = thread::current() {
        thread.makes_failure.set(now);
    }
}

/// Whether the only point of `function` fails now, and with which of its alternatives.
///
/// Outside of a sweep that is a load and a branch.
#[doc(hidden)]
#[inline(always)]
pub fn injected(function: &'static Function, alternatives: &'static [&'static str]) -> Option<Injected> {
    if !armed() {
        return None;
    }
    cold_path();
    let number = ask(function, alternatives);
    // Not `then_some`: a failure that is none must not be dropped.
    if number == NONE { None } else { Some(Injected(number)) }
}

/// The number of the alternative that is to be returned, or [`NONE`].
///
/// Never inlined: it is the frame that every chain begins behind.
#[inline(never)]
fn ask(function: &'static Function, alternatives: &'static [&'static str]) -> u32 {
    let Some((thread, phase)) = thread::observed().filter(|(thread, _)| !thread.makes_failure.get()) else {
        return NONE;
    };
    if phase == phase::CANARY {
        return 0;
    }
    // What fails here fails at this site, and no call of it allocates.
    let entered = function.enter(0);
    let number = chosen(thread, phase, function, alternatives);
    function.leave(entered, ());
    if number != NONE {
        function.fails(0);
        thread.failed.set(true);
    }
    number
}

#[inline(always)]
fn chosen(
    thread: &thread::ThreadScope,
    phase: u32,
    function: &'static Function,
    alternatives: &'static [&'static str],
) -> u32 {
    if phase == phase::WALK || phase == phase::AFTER && thread.scope.deep {
        let walked = thread.walked_here();
        for (number, text) in (0..).zip(alternatives) {
            let alternative = || Alternative {
                point: identity(function),
                name: name(function),
                text,
                number,
                count: alternatives.len() as u32,
            };
            let chain = thread.chain_to(walked, ptr::from_ref(function).addr() as u64, number, alternative);
            if thread.scope.minds(chain) && strikes(thread, phase, chain) {
                return number;
            }
        }
    }
    if goes_on(thread, phase) { 0 } else { NONE }
}

/// Whether the program has something beside allocations that can fail, as far as that is known: where nothing gathers
/// fail points, or where a machine of alloc-core's may be met, it may.
pub(crate) fn may_be_met() -> bool {
    let mut points = functions().iter().flat_map(Function::points);
    cfg!(any(miri, target_family = "wasm", feature = "alloc-core")) || points.any(|point| point.kind == Kind::FailPoint)
}

fn name(function: &'static Function) -> &'static str {
    function.points().next().map_or(function.name, |point| point.text)
}

/// What tells a point from all others, also where two calls in one function have become one: the same in every
/// process, and in every build of the same sources.
fn identity(function: &'static Function) -> Id {
    let Function { module, name, file, .. } = *function;
    let texts = [function.krate(), module, name, file].into_iter().chain(function.points().map(|point| point.text));
    let bytes = texts.flat_map(|text| text.bytes().chain([0])).map(u64::from);
    let places = function.points().flat_map(|Point { line, column, .. }| [line, column]).map(u64::from);
    bytes.chain(places).fold(Id::EMPTY, Id::with)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::point::Cell;

    fn of(module: &'static str, text: &str, line: u32, column: u32) -> Id {
        let between = "\u{1f}";
        let [place, rest] = [[line, column].map(|number| number.to_string()).join(between), between.repeat(6)];
        let table = format!("FailPoint{between}0{between}{place}{rest}{text}\u{1e}").leak();
        let cells = Box::leak(Box::new([Cell::NEW]));
        let function = Function { module, name: "name", file: "src/lib.rs", table, conditions: &[], cells };
        identity(Box::leak(Box::new(function)))
    }

    #[test]
    fn points_are_told_apart_by_their_place_also_where_they_share_a_name() {
        let points = [("a", 1, 2), ("b", 1, 2), ("a", 3, 2), ("a", 1, 4)];
        let mut identities = points.map(|(text, line, column)| of("demo", text, line, column)).to_vec();
        identities.push(of("demo::inner", "a", 1, 2));
        assert_eq!(of("demo", "a", 1, 2), identities[0], "in another process the point lies elsewhere");
        let count = identities.len();
        identities.sort_by_key(|id| (id.lo, id.hi));
        identities.dedup();
        assert_eq!(identities.len(), count);
    }

    #[test]
    fn one_alternative_is_the_one_that_is_meant() {
        for meant in 0..3 {
            let mut injected = Injected(meant);
            let asked = [injected.is_this(), injected.is_this(), injected.is_this()];
            assert_eq!(asked.map(u32::from).iter().sum::<u32>(), 1);
            assert!(asked[meant as usize]);
        }
    }
}
