//! Forms of items.

crate::compare::forms! {
    methods_of_types_with_the_same_name {
        struct Left<T>(T);
        struct Right;
        impl<T: Into<u32> + Copy> Left<T> {
            fn make(&self) -> Result<u32, Full> { Ok(try_box(self.0.into())?.number()) }
        }
        impl Right {
            const NUMBER: u32 = 4;
            fn make(n: u32) -> Result<u32, Full> { Ok(try_box(n)?.number() + Self::NUMBER) }
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?} {:?}", Left(input).make(), Right::make(input >> 1)) }
    } [
        "Left<T>::make: oooo Site try_box(self.0.into())"
        "Left<T>::make: oXoX Question try_box(self.0.into())? <- 0"
        "Right::make: oooo Site try_box(n)"
        "Right::make: ooXX Question try_box(n)? <- 0"
    ]

    traits_with_bodies_and_their_implementations {
        trait Source<'a, T> {
            fn make(&'a self, n: T) -> Result<u32, Full>;
            fn twice(&'a self, n: T) -> Result<u32, Full> where T: Copy { Ok(self.make(n)? + self.make(n)?) }
        }
        struct Plain<'b>(&'b u32);
        impl<'a, 'b: 'a> Source<'a, u32> for Plain<'b> {
            fn make(&'a self, n: u32) -> Result<u32, Full> { try_box(n).map(|held| held.number() + self.0) }
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", Plain(&1).twice(input)) }
    } [
        "Source::twice: oXoX Question self.make(n)?"
        "Source::twice: o-o- Question self.make(n)? #1"
        "<Plain<'b> as Source<'a, u32>>::make: oooo Site try_box(n)"
    ]

    functions_inside_of_functions {
        pub(crate) fn run(input: u32) -> String {
            const ROOM: usize = { const fn room() -> usize { 2 } room() };
            fn inner(input: u32) -> Result<[u32; ROOM], Full> {
                fn inner(n: u32) -> Result<u32, Full> { Ok(try_box(n)?.number()) }
                struct Local;
                impl Local { fn make(n: u32) -> Result<u32, Full> { Ok(try_box(n)?.number()) } }
                Ok([inner(input)?, Local::make(input >> 1)?])
            }
            format!("{:?}", inner(input))
        }
    } [
        "run::inner::inner: oooo Site try_box(n)"
        "run::inner::inner: oXoX Question try_box(n)? <- 0"
        "run::inner::Local::make: o-o- Site try_box(n)"
        "run::inner::Local::make: o-X- Question try_box(n)? <- 0"
        "run::inner: oXoX Question inner(input)?"
        "run::inner: o-X- Question Local::make(input >> 1)?"
    ]

    modules_inside {
        pub(crate) mod deeper {
            use crate::prelude::*;
            pub(crate) fn make(n: u32) -> Result<u32, Full> { Ok(try_box(n)?.number()) }
            #[cfg(test)]
            pub(crate) fn only_in_tests(n: u32) -> Result<u32, Full> { parse(n)?; Ok(n) }
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?} {:?}", deeper::make(input), deeper::only_in_tests(input)) }
    } [
        "make: oooo Site try_box(n)"
        "make: oXoX Question try_box(n)? <- 0"
    ]

    generic_functions_with_bounds {
        fn inner<T, E, F>(input: T, how: F) -> Result<T, E>
        where
            F: Fn(T) -> Result<T, E>,
            T: Copy,
            E: From<Full>,
        {
            let first = how(input)?;
            parse(0)?;
            Ok(first)
        }
        fn opaque(input: u32) -> Result<impl Iterator<Item = u32> + use<>, Full> {
            let number = parse(input)?;
            Ok((0..number).filter_map(|n| parse(n).ok()))
        }
        pub(crate) fn run(input: u32) -> String {
            format!("{:?} {:?}", inner(input, parse), opaque(input).map(|numbers| numbers.sum::<u32>()))
        }
    } [
        "inner: oXoX Question how(input)?"
        "inner: o-o- Question parse(0)?"
        "opaque: oXoX Question parse(input)?"
        "opaque: --X- Ok parse(n).ok()"
    ]

    const_functions_and_constants_are_left {
        struct Limits;
        impl Limits {
            const fn half(n: u32) -> Option<u32> {
                match n.checked_div(2) { Some(n) => Some(n), None => None }
            }
        }
        static ROOM: Option<u32> = Limits::half(8);
        const TABLE: [u32; match Limits::half(4) { Some(n) => n as usize, None => 0 }] = [1, 2];
        pub(crate) fn run(input: u32) -> String {
            let inline = const { match Limits::half(4) { Some(n) => n, None => 0 } };
            let array = [parse(input); { match Limits::half(4) { Some(n) => n as usize, None => 1 } }];
            format!("{ROOM:?} {TABLE:?} {inline} {array:?}")
        }
    } []

    functions_that_macros_write {
        macro_rules! maker {
            ($name:ident, $call:expr, $pattern:pat => $value:expr, $ty:ty) => {
                fn $name(n: $ty) -> Result<u32, Full> {
                    let _ = n;
                    match $call { $pattern => $value, Err(full) => Err(full) }
                }
            };
        }
        maker!(make, parse(2), Ok(n) => Ok(n), u32);
        pub(crate) fn run(input: u32) -> String { format!("{:?}", make(input)) }
    } []

    recursion_and_must_use {
        #[must_use]
        fn depth(n: u32) -> u32 { if let Ok(half) = parse(n / 2) { 1 + half } else { 0 } }
        fn inner(n: u32) -> Result<u32, Full> {
            if n < 2 { return Ok(n) }
            let below = inner(n - 1)?;
            Ok(below + try_box(n)?.number())
        }
        pub(crate) fn run(input: u32) -> String { format!("{} {:?}", depth(input * 2), inner(input)) }
    } [
        "depth: oXoX IfLetElse let Ok(half) = parse(n / 2)"
        "inner: --oo Question inner(n - 1)?"
        "inner: --oo Site try_box(n)"
        "inner: --oX Question try_box(n)? <- 1"
    ]

    statements_that_are_not_compiled {
        pub(crate) fn run(input: u32) -> String {
            #[cfg(target_os = "none")]
            let number = try_new(input).unwrap();
            #[cfg(not(target_os = "none"))]
            let number = try_new(input).map_or(3, |held| held.number());
            #[cfg(target_os = "none")]
            { parse(number).unwrap_or(3); }
            #[allow(clippy::let_and_return)]
            let text = number.to_string();
            #[cfg(target_os = "none")]
            if parse(number).is_err() { return String::new() }
            text
        }
    } [
        "---- Site try_new(input) ! untested: not compiled in: #[cfg(target_os = \"none\")]"
        "oooo Site try_new(input) #1"
        "---- UnwrapOr parse(number).unwrap_or(3) ! untested: not compiled in: #[cfg(target_os = \"none\")]"
        "---- IsErr parse(number).is_err() ! untested: not compiled in: #[cfg(target_os = \"none\")]"
    ]

    patterns_in_parameters {
        fn inner((a, b): (u32, u32), [c, ..]: [u32; 2]) -> Result<u32, Full> { Ok(parse(a)? + parse(b)? + c) }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner((input, input >> 1), [1, 2])) }
    } [
        "inner: oXoX Question parse(a)?"
        "inner: o-X- Question parse(b)?"
    ]

    external_and_unsafe_functions {
        #[allow(unsafe_code)]
        extern "C" fn foreign(n: u32) -> u32 { parse(n).unwrap_or(7) }
        #[allow(unsafe_code)]
        #[inline(never)]
        unsafe extern "C" fn raw(n: u32) -> *mut u8 {
            // SAFETY: it takes any number.
            unsafe { if alloc::alloc(n).is_null() { std::ptr::null_mut() } else { alloc::alloc(n) } }
        }
        #[allow(unsafe_code)]
        pub(crate) fn run(input: u32) -> String {
            // SAFETY: as above.
            format!("{} {}", foreign(input), unsafe { raw(input) }.is_null())
        }
    } [
        "foreign: oXoX UnwrapOr parse(n).unwrap_or(7)"
        "raw: oooo Site alloc::alloc(n)"
        "raw: oXoX IsNull alloc::alloc(n).is_null() <- 0"
        "raw: o-o- Site alloc::alloc(n) #1"
    ]
}
