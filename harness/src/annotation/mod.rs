//! What annotated code declares and calls: the interface of the macros, and no other.

pub mod failed;
pub mod kind;
pub mod named;
pub mod passing;
pub mod point;
pub mod polled;
pub mod registry;

#[doc(hidden)]
pub use crate::fail_point::{Injected, injected};
#[doc(hidden)]
pub use failed::{Failed, Probe, Unknown};
#[doc(hidden)]
pub use kind::Kind;
#[cfg(not(any(miri, target_family = "wasm")))]
#[doc(hidden)]
pub use linkme;
#[cfg(unix)]
#[doc(hidden)]
pub use named::errno;
#[doc(hidden)]
pub use named::null;
#[doc(hidden)]
pub use passing::Entered;
#[doc(hidden)]
pub use point::{Cell, Excuse, Function, Point};
#[doc(hidden)]
pub use polled::Polled;
#[cfg(not(any(miri, target_family = "wasm")))]
#[doc(hidden)]
pub use registry::FUNCTIONS;

/// Declares the function that it stands in as `$function`: its points are written out, one behind the other.
#[doc(hidden)]
#[macro_export]
macro_rules! __function {
    ($function:ident, $name:literal, $count:literal, [$(
        $kind:ident $text:literal $ordinal:literal, $line:expr, $column:expr
            $(, <- $site:literal)? $(, $mark:ident $reason:literal)?;
    )*]) => {
        $crate::__points!($function, $name, $count, ::core::concat!($(
            ::core::stringify!($kind), "\u{1f}", $ordinal, "\u{1f}", $line, "\u{1f}", $column, "\u{1f}", $($site,)? "\u{1f}",
            $(::core::stringify!($mark),)? "\u{1f}", $($reason,)? "\u{1f}\u{1f}\u{1f}", $text, "\u{1e}",
        )*), []);
    };
}

/// Declares the function that it stands in as `$function`, and has the linker gather it: by what linkme's attribute comes to
/// where sections of any name are gathered, which costs the compiler a millisecond for each function.
///
/// It is as little as can be: whatever it declares and expands, it does so once for each annotated function.
#[doc(hidden)]
#[macro_export]
#[cfg(all(target_os = "linux", not(miri)))]
macro_rules! __points {
    ($function:ident, $name:literal, $count:literal, $table:expr, $conditions:tt) => {
        static __FIRSTHIT_CELLS: [$crate::__private::Cell; $count] = [$crate::__private::Cell::NEW; $count];
        #[used]
        #[unsafe(link_section = "linkme_FUNCTIONS")]
        static $function: $crate::__private::Function = $crate::__private::Function {
            module: ::core::module_path!(),
            name: $name,
            file: ::core::file!(),
            table: $table,
            conditions: &$conditions,
            cells: &__FIRSTHIT_CELLS,
        };
    };
}

/// The same where linkme knows how functions are gathered, if they are.
#[doc(hidden)]
#[macro_export]
#[cfg(not(all(target_os = "linux", not(miri))))]
macro_rules! __points {
    ($function:ident, $name:literal, $count:literal, $table:expr, $conditions:tt) => {
        static __FIRSTHIT_CELLS: [$crate::__private::Cell; $count] = [$crate::__private::Cell::NEW; $count];
        $crate::__gathered! {
            static $function: $crate::__private::Function = $crate::__private::Function {
                module: ::core::module_path!(),
                name: $name,
                file: ::core::file!(),
                table: $table,
                conditions: &$conditions,
                cells: &__FIRSTHIT_CELLS,
            };
        }
    };
}

/// A static that the linker gathers.
#[doc(hidden)]
#[macro_export]
#[cfg(not(any(miri, target_family = "wasm", target_os = "linux")))]
macro_rules! __gathered {
    ($($item:tt)*) => {
        #[$crate::__private::linkme::distributed_slice($crate::__private::FUNCTIONS)]
        #[linkme(crate = $crate::__private::linkme)]
        $($item)*
    };
}

/// Nothing gathers them here.
#[doc(hidden)]
#[macro_export]
#[cfg(any(miri, target_family = "wasm"))]
macro_rules! __gathered {
    ($($item:tt)*) => { $($item)* };
}
