//! Forms of `let … else`, `let _` and conditions.

crate::compare::forms! {
    let_else {
        pub(crate) fn run(input: u32) -> String {
            let Ok(held) = try_box(input) else {
                return "first".to_owned();
            };
            let Some(other) = try_new(input >> 1) else { panic!("no other than {held:?}") };
            let Some(data) = Some(other.number()) else { return String::new() };
            data.to_string()
        }
    } [
        "oooo Site try_box(input)"
        "oXoX LetElse let Ok(held) = try_box(input) <- 0"
        "o-o- Site try_new(input >> 1)"
        "o-X- LetElse let Some(other) = try_new(input >> 1) <- 2"
    ]

    let_else_in_a_loop {
        pub(crate) fn run(input: u32) -> String {
            let mut sum = 0;
            for n in 0..4 {
                let Ok(held) = try_box(n * input) else { continue };
                sum += held.number();
                #[cfg(target_os = "none")]
                let Ok(_) = parse(n) else { break };
                let (Ok(a), Ok(_)) = (parse(n), parse(n)) else { break };
                sum += a;
                let Some(_) = try_new(n) else { continue };
            }
            sum.to_string()
        }
    } [
        "oooo Site try_box(n * input)"
        "oXoX LetElse let Ok(held) = try_box(n * input) <- 0"
        "---- LetElse let Ok(_) = parse(n) ! untested: not compiled in: #[cfg(target_os = \"none\")]"
        "XoXo LetElse let (Ok(a), Ok(_)) = (parse(n), parse(n))"
        "oooo Site try_new(n)"
        "oooo LetElse let Some(_) = try_new(n) <- 4"
    ]

    let_underscore {
        pub(crate) fn run(input: u32) -> String {
            let _ = try_box(input);
            log("between");
            let _ = try_box(input).map_err(|_| log("mapped"));
            let _ = parse(input);
            let _kept = try_box(input);
            let _ = Held(9).number();
            String::new()
        }
    } [
        "oooo Site try_box(input)"
        "oXoX LetUnderscore let _ = try_box(input) <- 0"
        "oooo Site try_box(input) #1"
        "oXoX MapErr try_box(input).map_err(|_| log(\"mapped\")) <- 2"
        "oXoX LetUnderscore let _ = try_box(input).map_err(|_| log(\"mapped\")) <- 2"
        "oooo Site try_box(input) #2"
    ]

    conditions {
        #[allow(unsafe_code)]
        pub(crate) fn run(input: u32) -> String {
            let held = try_box(input);
            if held.is_err() { log("is_err") }
            if !(try_new(input).is_none()) && !parse(input >> 1).is_err() { log("all is well") } else { log("not so well") }
            // SAFETY: nobody follows the pointer.
            let pointer = unsafe { alloc::alloc(input) };
            while pointer.is_null() || parse(input).is_err() {
                log("null");
                break;
            }
            let data = Some(input);
            if data.is_none() { log("never") }
            let kept = held.is_err();
            match input {
                2 if parse(input >> 1).is_err() => "guard".to_owned(),
                _ => kept.to_string(),
            }
        }
    } [
        "oooo Site try_box(input)"
        "oXoX IsErr held.is_err() <- 0"
        "oooo Site try_new(input)"
        "oXoX IsNone try_new(input).is_none() <- 2"
        "o-X- IsErr parse(input >> 1).is_err()"
        "oooo Site alloc::alloc(input)"
        "oXoX IsNull pointer.is_null() <- 5"
        "o-o- IsErr parse(input).is_err()"
        "--X- IsErr parse(input >> 1).is_err() #1"
    ]

    early_return_of_null {
        #[allow(unsafe_code)]
        pub(crate) fn run(input: u32) -> String {
            // SAFETY: nobody follows the pointer.
            let pointer = unsafe { alloc::alloc(input) }.cast::<u64>();
            let Some(pointer) = std::ptr::NonNull::new(pointer) else { return "null".to_owned() };
            log(pointer.addr());
            String::new()
        }
    } [
        "oooo Site alloc::alloc(input)"
        "oXoX LetElse let Some(pointer) = std::ptr::NonNull::new(pointer) <- 0"
    ]

    try_like_closures {
        pub(crate) fn run(input: u32) -> String {
            let result = (|| {
                let held = try_box(input)?;
                Ok::<_, Full>(held.number())
            })();
            let Ok(number) = result else { return "closure".to_owned() };
            number.to_string()
        }
    } [
        "oooo Site try_box(input)"
        "oXoX Question try_box(input)? <- 0"
        "oXoX LetElse let Ok(number) = result"
    ]

    shadowed_variables {
        fn inner(input: u32) -> Option<u32> {
            let value = Some(input);
            let first = value?;
            let value = try_new(first);
            {
                let value = Some(2);
                log(value?);
            }
            Some(value?.number())
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oooo Site try_new(first)"
        "inner: oXoX Question value? <- 0"
    ]
}
