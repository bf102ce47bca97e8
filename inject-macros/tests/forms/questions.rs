//! Forms of `?`.

crate::compare::forms! {
    question_behind_a_call {
        fn inner(input: u32) -> Result<u32, Failed> {
            let held = try_box(input)?;
            Ok(held.number())
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oooo Site try_box(input)"
        "inner: oXoX Question try_box(input)? <- 0"
    ]

    questions_in_a_chain {
        fn inner(input: u32) -> Result<u32, Full> {
            Ok(try_box(parse(input)? >> 1)?.number())
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oooo Site try_box(parse(input)? >> 1)"
        "inner: oXoX Question parse(input)?"
        "inner: o-X- Question try_box(parse(input)? >> 1)? <- 0"
    ]

    question_of_an_option {
        fn inner(input: u32) -> Option<u32> {
            Some(try_new(input)?.number())
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oooo Site try_new(input)"
        "inner: oXoX Question try_new(input)? <- 0"
    ]

    question_of_a_lookup {
        fn inner(store: &Store, text: &str) -> Option<u32> {
            let (first, _) = text.split_once(' ')?;
            Some(first.chars().next()?.to_digit(10)? + *store.get(0)?)
        }
        pub(crate) fn run(input: u32) -> String {
            format!("{:?}", inner(&Store { held: vec![input] }, if input == 0 { "1 2" } else { "x" }))
        }
    } []

    question_of_control_flow {
        fn step(input: u32) -> ControlFlow<u32> {
            if input == 3 { ControlFlow::Break(input) } else { ControlFlow::Continue(()) }
        }
        fn inner(input: u32) -> ControlFlow<u32, &'static str> {
            step(input)?;
            ControlFlow::Continue("went on")
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oooX Question step(input)?"
    ]

    question_of_a_poll {
        use std::task::Poll;
        fn inner(input: u32) -> Result<Poll<u32>, Full> {
            let value = Poll::Ready(parse(input));
            let value = value.map(|value| value)?;
            Ok(value)
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oXoX Question value.map(|value| value)?"
    ]

    question_boxes_its_error {
        use std::error::Error;
        fn inner(input: u32) -> Result<u32, Box<dyn Error + Send + Sync>> {
            let held = try_box(input)?;
            let number: u32 = "12".parse()?;
            Ok(held.number() + number)
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oooo Site try_box(input)"
        "inner: oXoX Question try_box(input)? <- 0"
        "inner: o-o- Question \"12\".parse()?"
    ]

    question_in_a_closure {
        pub(crate) fn run(input: u32) -> String {
            let attempt = || -> Result<u32, Full> { Ok(try_box(input)?.number() + try_box(input >> 1)?.number()) };
            format!("{:?} {:?}", attempt(), (0..input).map(|n| Ok(try_box(n * 2)?.number())).collect::<Result<Vec<_>, Full>>())
        }
    } [
        "oooo Site try_box(input)"
        "oXoX Question try_box(input)? <- 0"
        "o-o- Site try_box(input >> 1)"
        "o-X- Question try_box(input >> 1)? <- 2"
        "-ooo Site try_box(n * 2)"
        "-ooo Question try_box(n * 2)? <- 4"
    ]

    question_on_an_error_raises {
        fn inner(input: u32) -> Result<u32, Failed> {
            if input == 2 {
                Err(Full)?;
            }
            Ok(input)
        }
        fn none(input: u32) -> Option<u32> {
            if input == 2 {
                None?;
            }
            Some(input)
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?} {:?}", inner(input), none(input)) }
    } []

    question_on_a_variable {
        fn inner(input: u32, given: Result<u32, Full>) -> Result<u32, Full> {
            let result = try_box(input);
            log("between");
            let held = result?;
            Ok(held.number() + given?)
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input, parse(input >> 1))) }
    } [
        "inner: oooo Site try_box(input)"
        "inner: oXoX Question result? <- 0"
        "inner: o-X- Question given?"
    ]

    question_on_a_field_is_about_data {
        struct Node { next: Option<u32> }
        fn inner(node: &Node) -> Option<u32> {
            Some(node.next? + 1)
        }
        pub(crate) fn run(input: u32) -> String {
            format!("{:?}", inner(&Node { next: Some(input).filter(|n| n % 2 == 0) }))
        }
    } []

    questions_with_the_same_text {
        fn inner(input: u32) -> Result<u32, Full> {
            let first = parse(input)?;
            let again = parse(input)?;
            Ok(first + again)
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oXoX Question parse(input)?"
        "inner: o-o- Question parse(input)? #1"
    ]

    questions_twice_on_one_value {
        fn nested(input: u32) -> Result<Result<u32, Full>, Failed> {
            Ok(parse(input))
        }
        fn inner(input: u32) -> Result<u32, Failed> {
            Ok(nested(input)??)
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oooo Question nested(input)?"
        "inner: oXoX Question nested(input)??"
    ]

    question_keeps_temporaries_to_the_end_of_the_statement {
        fn lent(held: &Held) -> Result<&u32, Full> {
            parse(held.number()).map(|_| held.borrow())
        }
        fn inner(input: u32) -> Result<u32, Full> {
            let sum = *lent(&Held(input))? + { log("between"); 1 };
            log(sum);
            match *lent(&Held(input + 2))? {
                n => log(n),
            }
            Ok(sum)
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oXoX Question lent(&Held(input))?"
        "inner: o-o- Question lent(&Held(input + 2))?"
    ]

    question_infers_the_type_in_front {
        fn inner(input: u32) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
            let numbers = ["1", "x", "3"].iter().take(1 + input as usize).map(|text| text.parse()).collect::<Result<_, _>>()?;
            Ok(numbers)
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oXXX Question [\"1\", \"x\", \"3\"].iter().take(1 + input as usize).map(|text| text.parse()).collect::<Result<_, _>>()?"
    ]
}
