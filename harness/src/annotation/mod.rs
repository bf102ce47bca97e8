//! What annotated code declares and calls: the interface of the macros, and no other.

pub mod failed;
pub mod kind;
pub mod named;
pub mod passing;
pub mod point;
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
pub use point::{Excuse, Function, Point, UNNUMBERED};
#[cfg(not(any(miri, target_family = "wasm")))]
#[doc(hidden)]
pub use registry::FUNCTIONS;

/// Declares the function that it stands in as `$function`, and registers it.
#[doc(hidden)]
#[macro_export]
macro_rules! __function {
    ($function:ident, $name:literal, $count:literal, [$($kind:ident $text:literal $ordinal:literal $line:tt $column:tt $site:expr, $excuse:expr;)*]) => {
        static $function: $crate::__private::Function = {
            use $crate::__private::{Kind, Point};
            static POINTS: [Point; $count] =
                [$(Point::new(Kind::$kind, $text, $ordinal, $line, $column, $site, $excuse)),*];
            $crate::__private::Function {
                krate: ::core::env!("CARGO_CRATE_NAME"),
                module: ::core::module_path!(),
                name: $name,
                file: ::core::file!(),
                points: &POINTS,
            }
        };
        $crate::__register!($function);
    };
}

/// The same, of points that are written out: what the attribute declares, because the compiler reads it sooner.
#[doc(hidden)]
#[macro_export]
macro_rules! __points {
    ($function:ident, $name:literal, $count:literal, $points:tt) => {
        static $function: $crate::__private::Function = {
            use $crate::__private::{Excuse, Kind, Point};
            static POINTS: [Point; $count] = $points;
            $crate::__private::Function {
                krate: ::core::env!("CARGO_CRATE_NAME"),
                module: ::core::module_path!(),
                name: $name,
                file: ::core::file!(),
                points: &POINTS,
            }
        };
        $crate::__register!($function);
    };
}

/// Puts a function into the registry, where sections of any name are gathered: by what linkme's attribute comes to, which
/// costs the compiler a millisecond for each function.
#[doc(hidden)]
#[macro_export]
#[cfg(all(target_os = "linux", not(miri)))]
macro_rules! __register {
    ($function:ident) => {
        const _: () = {
            #[used]
            #[unsafe(link_section = "linkme_FUNCTIONS")]
            static REGISTERED: &$crate::__private::Function = &$function;
        };
    };
}

/// Puts a function into the registry.
#[doc(hidden)]
#[macro_export]
#[cfg(not(any(miri, target_family = "wasm", target_os = "linux")))]
macro_rules! __register {
    ($function:ident) => {
        const _: () = {
            #[$crate::__private::linkme::distributed_slice($crate::__private::FUNCTIONS)]
            #[linkme(crate = $crate::__private::linkme)]
            static REGISTERED: &$crate::__private::Function = &$function;
        };
    };
}

/// Nothing gathers functions here.
#[doc(hidden)]
#[macro_export]
#[cfg(any(miri, target_family = "wasm"))]
macro_rules! __register {
    ($function:ident) => {
        const _: &$crate::__private::Function = &$function;
    };
}
