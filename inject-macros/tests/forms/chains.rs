//! Forms of `let` among other conditions.

crate::compare::forms! {
    chains_of_conditions {
        pub(crate) fn run(input: u32) -> String {
            if input < 3 && let Err(full) = try_box(input) && full == Full { log(full) }
            if let Some(data) = Some(input) && let Ok(n) = parse(data) && n > 0 { n.to_string() } else { "else".to_owned() }
        }
    } [
        "ooo- Site try_box(input)"
        "oXoo IfLet let Err(full) = try_box(input) <- 0"
        "XXoX IfLetElse let Ok(n) = parse(data)"
    ]

    chains_of_failures_and_successes {
        pub(crate) fn run(input: u32) -> String {
            let both = if let Ok(a) = parse(input) && let Ok(b) = parse(input >> 1) { a + b } else { 90 };
            let none = if let Err(_) = parse(input) && let Err(_) = parse(input >> 1) { 91 } else { 92 };
            let mixed = if let Ok(held) = try_box(input) && let Err(_) = try_box(input >> 1) { held.number() } else { 93 };
            if let Ok(held) = try_box(input) && let Ok(_) = parse(held.number() >> 1) { log("passed") }
            format!("{both} {none} {mixed}")
        }
    } [
        "oXXX IfLetElse let Ok(a) = parse(input) && let Ok(b) = parse(input >> 1)"
        "oooX IfLet let Err(_) = parse(input) && let Err(_) = parse(input >> 1)"
        "oooo Site try_box(input)"
        "o-o- Site try_box(input >> 1)"
        "ooXo IfLet let Err(_) = try_box(input >> 1) <- 3"
        "XXoX IfLetElse let Ok(held) = try_box(input) <- 2"
        "oooo Site try_box(input) #1"
        "oXXX NoElse let Ok(held) = try_box(input) && let Ok(_) = parse(held.number() >> 1) <- 6"
    ]

    chains_with_tests {
        pub(crate) fn run(input: u32) -> String {
            let held = try_box(input);
            if held.is_err() && let Ok(n) = parse(input >> 1) { return n.to_string() }
            match held {
                Ok(ref held) if held.number() > 1 => held.number().to_string(),
                _ => String::new(),
            }
        }
    } [
        "oooo Site try_box(input)"
        "oXoX IsErr held.is_err() <- 0"
        "XoXX NoElse let Ok(n) = parse(input >> 1)"
        "X-oX MatchArm _ <- 0"
    ]
}
