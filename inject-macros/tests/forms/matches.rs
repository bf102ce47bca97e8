//! Forms of `match` and `if let`.

crate::compare::forms! {
    match_on_a_result {
        pub(crate) fn run(input: u32) -> String {
            match try_box(input) {
                Ok(held) => held.number().to_string(),
                Err(error) => format!("{error:?}"),
            }
        }
    } [
        "oooo Site try_box(input)"
        "oXoX MatchArm Err(error) <- 0"
    ]

    match_with_alternatives_guards_and_bindings {
        type Outcome = Result<u32, Trouble>;
        #[derive(Debug)]
        enum Trouble { Small(u32), Large, Odd }
        fn work(input: u32) -> Result<u32, Trouble> {
            match input { 0 => Ok(1), 1 => Err(Trouble::Small(3)), 2 => Err(Trouble::Large), _ => Err(Trouble::Odd) }
        }
        pub(crate) fn run(input: u32) -> String {
            match work(input) {
                Ok(n) if n > 5 => "large".to_owned(),
                Ok(n) => n.to_string(),
                Err(Trouble::Small(n)) if n > 100 => "never".to_owned(),
                all @ Err(Trouble::Small(_) | Trouble::Large) => format!("{all:?}"),
                Outcome::Err(_) => String::new(),
            }
        }
    } [
        "oooo MatchArm Err(Trouble::Small(n)) if n > 100"
        "oXXo MatchArm all @ Err(Trouble::Small(_) | Trouble::Large)"
        "oooX MatchArm Outcome::Err(_)"
    ]

    match_that_leaves_the_failure_to_a_wildcard {
        pub(crate) fn run(input: u32) -> String {
            let first = match try_box(input) { Ok(held) => held.number(), _ => 77 };
            let second = match parse(input >> 1) { Ok(n) => n, other => other.map_or(5, |n| n) };
            format!("{first} {second}")
        }
    } [
        "oooo Site try_box(input)"
        "oXoX MatchArm _ <- 0"
        "ooXX MatchArm other"
    ]

    match_on_tuples_and_nested_results {
        fn nested(input: u32) -> Option<Result<Option<u32>, Full>> {
            if input == 2 { None } else { Some(parse(input).map(|n| Some(n).filter(|n| *n > 9))) }
        }
        pub(crate) fn run(input: u32) -> String {
            let first = match nested(input) {
                Some(Ok(None)) => "empty",
                Some(Ok(Some(_))) => "full",
                Some(Err(_)) => "error",
                None => "nothing",
            };
            let second = match (parse(input), parse(input >> 1)) {
                (Ok(_), Ok(_)) => "both",
                (Err(_), Ok(_)) | (Ok(_), Err(_)) => "one",
                _ => "none",
            };
            format!("{first} {second}")
        }
    } [
        "oXoX MatchArm Some(Err(_))"
        "ooXo MatchArm None"
        "oXXo MatchArm (Err(_), Ok(_)) | (Ok(_), Err(_))"
    ]

    match_on_a_lookup_is_about_data {
        pub(crate) fn run(input: u32) -> String {
            let store = Store { held: vec![3] };
            let first = match store.get(input as usize) { Some(n) => *n, None => 0 };
            let held = Some(input);
            let second = match held { None => 1, Some(n) => n };
            let third = match store.held.first().copied() { Some(3) => 3, _ => 4 };
            format!("{first} {second} {third}")
        }
    } []

    match_whose_value_lives_in_a_temporary {
        use std::cell::RefCell;
        pub(crate) fn run(input: u32) -> String {
            let cell = RefCell::new(try_box(input));
            let number = match &*cell.borrow() {
                Ok(held) => held.number(),
                Err(_) => {
                    log(cell.try_borrow_mut().is_err());
                    5
                }
            };
            let lent = match parse(input) { Ok(_) => &Held(1), Err(_) => &Held(2) };
            log("between");
            format!("{number} {lent:?}")
        }
    } [
        "oooo Site try_box(input)"
        "oXoX MatchArm Err(_)"
        "oXoX MatchArm Err(_) #1"
    ]

    match_arms_of_every_form {
        const fn code(_: &Full) -> u32 { 3 }
        pub(crate) fn run(input: u32) -> String {
            for n in 0..3 {
                let value = match parse(input * n) {
                    Ok(0) => continue,
                    Ok(n) => n,
                    Err(ref full) if n == 1 => { const EXTRA: u32 = 1; code(full) + EXTRA }
                    Err(_) if n == 7 => unreachable!(),
                    Err(_) => break,
                };
                log(value);
                match parse(value) { Ok(_) => {} Err(_) => () }
                match parse(value) { Ok(_) => (), Err(_) => return "returned".to_owned() };
            }
            String::new()
        }
    } [
        "oXoX MatchArm Err(ref full) if n == 1"
        "oooo MatchArm Err(_) if n == 7"
        "oooo MatchArm Err(_)"
        "-ooo MatchArm Err(_) #1"
        "-ooo MatchArm Err(_) #2"
    ]

    match_whose_arms_are_coerced {
        fn double(n: u32) -> u32 { n * 2 }
        fn triple(n: u32) -> u32 { n * 3 }
        pub(crate) fn run(input: u32) -> String {
            let how = match parse(input) { Ok(_) => double, Err(_) => triple };
            let shown: &dyn std::fmt::Debug = match parse(input) { Ok(_) => &"text", Err(_) => &5 };
            let slice: &[u32] = match parse(input) { Ok(_) => &[1], Err(_) => &[1, 2] };
            format!("{} {shown:?} {slice:?}", how(4))
        }
    } [
        "oXoX MatchArm Err(_)"
        "oXoX MatchArm Err(_) #1"
        "oXoX MatchArm Err(_) #2"
    ]

    match_arms_that_are_not_compiled {
        pub(crate) fn run(input: u32) -> String {
            match parse(input) {
                #[cfg(not(target_os = "none"))]
                Ok(n) => n.to_string(),
                #[cfg(target_os = "none")]
                Ok(_) => try_new(3).map_or_else(String::new, |_| String::new()),
                #[cfg(target_os = "none")]
                Err(Full) => unreachable!(),
                #[cfg(not(target_os = "none"))]
                Err(_) => "error".to_owned(),
            }
        }
    } [
        "oooo MatchArm Err(Full) ! untested: not compiled in: #[cfg(target_os = \"none\")]"
        "oXoX MatchArm Err(_)"
        "---- Site try_new(3) ! untested: not compiled in: #[cfg(target_os = \"none\")]"
    ]

    match_on_control_flow {
        pub(crate) fn run(input: u32) -> String {
            match (0..4).try_for_each(|n| if n == input { ControlFlow::Break(n) } else { ControlFlow::Continue(()) }) {
                ControlFlow::Continue(()) => String::new(),
                ControlFlow::Break(n) => n.to_string(),
            }
        }
    } [
        "XXXX MatchArm ControlFlow::Break(n)"
    ]

    if_let_on_an_error {
        pub(crate) fn run(input: u32) -> String {
            if let Err(error) = try_box(input) {
                return error.to_string();
            }
            if let Err(error) = parse(input >> 1) { log(error) } else { log("fine") }
            String::new()
        }
    } [
        "oooo Site try_box(input)"
        "oXoX IfLet let Err(error) = try_box(input) <- 0"
        "o-X- IfLet let Err(error) = parse(input >> 1)"
    ]

    if_let_with_an_else {
        pub(crate) fn run(input: u32) -> String {
            if let Ok(held) = try_box(input) {
                held.number().to_string()
            } else if let Some(held) = try_new(input >> 1) {
                format!("second {held:?}")
            } else {
                "else".to_owned()
            }
        }
    } [
        "oooo Site try_box(input)"
        "oXoX IfLetElse let Ok(held) = try_box(input) <- 0"
        "-o-o Site try_new(input >> 1)"
        "-o-X IfLetElse let Some(held) = try_new(input >> 1) <- 2"
    ]

    if_let_without_an_else {
        pub(crate) fn run(input: u32) -> String {
            if let Ok(held) = try_box(input) {
                log(held.number());
            }
            if let Some(held) = try_new(input) { log(held.number()) }
            if let Some(n) = Some(input) { log(n) }
            String::new()
        }
    } [
        "oooo Site try_box(input)"
        "oXoX NoElse let Ok(held) = try_box(input) <- 0"
        "oooo Site try_new(input)"
        "oXoX NoElse let Some(held) = try_new(input) <- 2"
    ]

    if_let_inside_of_a_condition {
        pub(crate) fn run(input: u32) -> String {
            if let Ok(n) = if let Err(error) = parse(input) { Err(error) } else { parse(input >> 1) } {
                n.to_string()
            } else {
                String::new()
            }
        }
    } [
        "oXoX IfLet let Err(error) = parse(input)"
        "oXXX IfLetElse let Ok(n) = if let Err(error) = parse(input) {…} else {…}"
    ]

    shadowed_names {
        mod other {
            #[derive(Debug)]
            pub(crate) enum Answer { Ok(u32), Err(u32), None }
        }
        use other::Answer::{self, Err, None, Ok};
        fn answer(n: u32) -> Answer { if n == 0 { Ok(1) } else if n == 1 { Err(2) } else { None } }
        pub(crate) fn run(input: u32) -> String {
            let first = match answer(input) { Ok(n) => n, Err(n) => n + 10, None => 20 };
            let second = if let Ok(n) = answer(input) { n } else { 5 };
            format!("{first} {second}")
        }
    } [
        "oXoo MatchArm Err(n)"
        "ooXX MatchArm None"
        "oXXX IfLetElse let Ok(n) = answer(input)"
    ]

    empty_matches_and_values_that_never_come {
        enum Never {}
        fn unwrapped(result: Result<u32, Never>) -> u32 {
            match result { Ok(n) => n, Err(never) => match never {} }
        }
        fn stop(input: u32) -> ! { panic!("stopped at {input}") }
        pub(crate) fn run(input: u32) -> String {
            let number = match parse(input) { Ok(n) => n, Err(_) => stop(input) };
            (number + unwrapped(Ok(1))).to_string()
        }
    } [
        "unwrapped: o-o- MatchArm Err(never)"
        "oXoX MatchArm Err(_)"
    ]
}
