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
