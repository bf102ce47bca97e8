//! Forms of leaving a call's arguments before it is made.

crate::compare::forms! {
    question_inside_of_an_argument {
        fn inner(input: u32) -> Result<u32, Full> {
            let mut store = Store::default();
            let pushed = *store.try_push(parse(input)? >> 1)?;
            Ok(pushed)
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oooo Site store.try_push(parse(input)? >> 1)"
        "inner: oXoX Question parse(input)?"
        "inner: o-X- Question store.try_push(parse(input)? >> 1)? <- 0"
    ]

    question_inside_of_two_calls {
        fn inner(input: u32) -> Result<u32, Failed> {
            let mut store = Store::default();
            Ok(*store.try_push(try_box(parse(input)? >> 1)?.number())?)
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oooo Site store.try_push(try_box(parse(input)? >> 1)?.number())"
        "inner: oooo Site try_box(parse(input)? >> 1)"
        "inner: oXoX Question parse(input)?"
        "inner: o-X- Question try_box(parse(input)? >> 1)? <- 1"
        "inner: o--- Question store.try_push(try_box(parse(input)? >> 1)?.number())? <- 0"
    ]

    lookup_inside_of_an_argument {
        fn inner(input: u32) -> Option<u32> {
            let numbers = [2, 4];
            Some(try_new(*numbers.get(input as usize)?)?.number())
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oooo Site try_new(*numbers.get(input as usize)?)"
        "inner: oo-- Question try_new(*numbers.get(input as usize)?)? <- 0"
    ]

    return_inside_of_an_argument {
        fn inner(input: u32) -> Result<u32, Box<dyn std::error::Error>> {
            let held = try_box(match parse(input) {
                Ok(number) => number >> 1,
                Err(error) => return Err(Box::new(error)),
            })?;
            Ok(held.number())
        }
        fn nothing(input: u32) {
            log(try_box(if input == 2 { return } else { 4 }).is_ok());
        }
        pub(crate) fn run(input: u32) -> String { nothing(input); format!("{:?}", inner(input)) }
    } [
        "inner: oooo Site try_box(match parse(input) {…})"
        "inner: oXoX MatchArm Err(error)"
        "inner: o-X- Question try_box(match parse(input) {…})? <- 0"
        "nothing: oooo Site try_box(if input == 2 {…} else {…})"
    ]

    breaks_inside_of_an_argument {
        pub(crate) fn run(input: u32) -> String {
            let mut sum = 0;
            let found = 'outer: loop {
                for n in 0..4 {
                    let held = try_box(match n {
                        0 => continue,
                        1 => 2,
                        2 if input == 2 => break,
                        _ if input == 3 => break 'outer 7,
                        n => loop { if n > 0 { break n * 2 } },
                    });
                    sum += held.map_or(0, |held| held.number());
                }
                break try_box(if input == 0 { break 'outer 8 } else { input }).map_or(1, |held| held.number());
            };
            format!("{sum} {found}")
        }
    } [
        "oooo Site try_box(match n {…})"
        "ooo- Site try_box(if input == 0 {…} else {…})"
    ]

    labelled_block_inside_of_an_argument {
        pub(crate) fn run(input: u32) -> String {
            let value = 'found: {
                let held = try_box('inner: {
                    if input == 1 {
                        break 'found 9;
                    }
                    break 'inner input;
                });
                held.map_or(5, |held| held.number())
            };
            value.to_string()
        }
    } [
        "oooo Site try_box('inner: {…})"
    ]

    closure_inside_of_an_argument {
        fn try_extend_with(each: impl Fn(u32) -> Result<u32, Full>) -> Result<Vec<u32>, Full> { (0..3).map(each).collect() }
        pub(crate) fn run(input: u32) -> String {
            format!("{:?}", try_extend_with(|n| {
                if n == 2 {
                    return Ok(9);
                }
                Ok(parse(input * n)? + 1)
            }))
        }
    } [
        "oooo Site try_extend_with(|n| {…})"
        "oXoX Question parse(input * n)?"
    ]

    while_condition_that_leaves {
        fn inner(input: u32) -> Result<u32, Full> {
            let mut count = 0;
            while try_box(count * input)?.number() < 4 && count < 3 {
                count += 1;
            }
            while let Some(held) = try_new(count) {
                count += held.number() % 4 + 1;
            }
            Ok(count)
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oooo Site try_box(count * input)"
        "inner: oXoX Question try_box(count * input)? <- 0"
        "inner: o-o- Site try_new(count)"
    ]
}
