//! Forms of macros, into whose arguments the attribute looks or does not.

crate::compare::forms! {
    arguments_of_formatting_macros {
        fn inner(input: u32) -> Result<String, Full> {
            let text = format!("{} {name}", try_box(input)?.number(), name = parse(input >> 1)?);
            let mut out = String::new();
            use std::fmt::Write as _;
            write!(out, "{text} {}", parse(input).unwrap_or(3)).map_err(|_| Full)?;
            let numbers = vec![parse(input)?; parse(2)? as usize];
            let others = vec![parse(input)?, numbers.len() as u32];
            Ok(format!("{out} {numbers:?} {others:?}"))
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oooo Site try_box(input)"
        "inner: oXoX Question try_box(input)? <- 0"
        "inner: o-X- Question parse(input >> 1)?"
        "inner: o--- UnwrapOr parse(input).unwrap_or(3)"
        "inner: o--- MapErr write!(out, \"{text} {}\", parse(input).unwrap_or(3)).map_err(|_| Full)"
        "inner: o--- Question write!(out, \"{text} {}\", parse(input).unwrap_or(3)).map_err(|_| Full)?"
        "inner: o--- Question parse(input)?"
        "inner: o--- Question parse(2)?"
        "inner: o--- Question parse(input)? #1"
    ]

    arguments_of_assertions {
        fn inner(input: u32) -> Result<(), Full> {
            assert_eq!(parse(input & 1)?, 0, "never {}", input);
            assert!(parse(input >> 1)? < 9);
            assert!(try_box(input)?.number() < 1, "too large: {}", parse(input)?);
            assert_ne!(parse(input)?, 7);
            Ok(())
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oXoX Question parse(input & 1)?"
        "inner: o--- Site try_box(input)"
        "inner: o--- Question try_box(input)? <- 1"
        "inner: ---- Question parse(input)?"
        "inner: o--- Question parse(input)? #1"
    ]

    arguments_of_assertions_for_debugging {
        fn inner(input: u32) -> Result<u32, Full> {
            debug_assert_eq!(parse(input & 1)?, 0, "never {}", input);
            debug_assert!(parse(input >> 1)? < 9);
            debug_assert!(try_box(input)?.number() < 4, "too large: {}", parse(input)?);
            debug_assert_ne!(parse(input)?, 7);
            parse(input)
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        #[cfg(debug_assertions)] "inner: oXoX Question parse(input & 1)?"
        #[cfg(debug_assertions)] "inner: o--- Site try_box(input)"
        #[cfg(debug_assertions)] "inner: o--- Question try_box(input)? <- 1"
        #[cfg(debug_assertions)] "inner: ---- Question parse(input)?"
        #[cfg(debug_assertions)] "inner: o--- Question parse(input)? #1"
        #[cfg(not(debug_assertions))]
        "inner: ---- Question parse(input & 1)? ! untested: not compiled in: #[cfg(debug_assertions)]"
        #[cfg(not(debug_assertions))] "inner: ---- Site try_box(input) ! untested: not compiled in: #[cfg(debug_assertions)]"
        #[cfg(not(debug_assertions))]
        "inner: ---- Question try_box(input)? <- 1 ! untested: not compiled in: #[cfg(debug_assertions)]"
        #[cfg(not(debug_assertions))] "inner: ---- Question parse(input)? ! untested: not compiled in: #[cfg(debug_assertions)]"
        #[cfg(not(debug_assertions))]
        "inner: ---- Question parse(input)? #1 ! untested: not compiled in: #[cfg(debug_assertions)]"
    ]

    texts_of_assertions_stay {
        pub(crate) fn run(input: u32) -> String {
            let texts = [stringify!(try_box(input)?), concat!("a", 1)];
            assert!(try_box(input).is_ok());
            assert!(matches!(try_box(input >> 1), Ok(_)), "not {texts:?}");
            texts.concat()
        }
    } [
        "o-o- Site try_box(input >> 1)"
    ]

    macros_that_nobody_knows {
        macro_rules! attempt {
            ($value:expr) => { match $value { Ok(value) => value, Err(full) => return Err(full.into()) } };
        }
        fn inner(input: u32) -> Result<u32, Full> {
            let held = try_box(attempt!(parse(input)) >> 1)?;
            Ok(attempt!(parse(held.number())))
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oooo Site try_box(attempt!(parse(input)) >> 1)"
        "inner: o-X- Question try_box(attempt!(parse(input)) >> 1)? <- 0"
    ]

    panics_in_arms {
        pub(crate) fn run(input: u32) -> String {
            let held = try_box(input).unwrap_or_else(|full| panic!("no {}: {full}", input));
            match try_box(input >> 1) {
                Ok(other) => format!("{} {}", other.number(), held.number()),
                Err(full) => unreachable!("{full:?}"),
            }
        }
    } [
        "oooo Site try_box(input)"
        "oXoX UnwrapOrElse try_box(input).unwrap_or_else(|full| panic!(\"no {}: {full}\", input)) <- 0"
        "o-o- Site try_box(input >> 1)"
        "o-X- MatchArm Err(full) <- 2"
    ]
}
