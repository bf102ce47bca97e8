//! Forms of the methods that deal with failures.

crate::compare::forms! {
    methods_on_results {
        pub(crate) fn run(input: u32) -> String {
            let mapped = try_box(input).map_err(|full| format!("{full:?} mapped"));
            let instead = try_box(input).or_else(|_| try_box(input >> 1)).map(|held| held.number());
            let or = parse(input).unwrap_or(8);
            let or_else = parse(input).unwrap_or_else(|full| { log(full); 9 });
            let default = parse(input).unwrap_or_default();
            let ok = try_box(input).ok();
            format!("{mapped:?} {instead:?} {or} {or_else} {default} {ok:?}")
        }
    } [
        "oooo Site try_box(input)"
        "oXoX MapErr try_box(input).map_err(|full| format!(\"{full:?} mapped\")) <- 0"
        "oooo Site try_box(input) #1"
        "oXoX OrElse try_box(input).or_else(|_| try_box(input >> 1)) <- 2"
        "-o-o Site try_box(input >> 1)"
        "oXoX UnwrapOr parse(input).unwrap_or(8)"
        "oXoX UnwrapOrElse parse(input).unwrap_or_else(|full| {…})"
        "oXoX UnwrapOrDefault parse(input).unwrap_or_default()"
        "oooo Site try_box(input) #2"
        "oXoX Ok try_box(input).ok() <- 8"
    ]

    methods_on_options {
        pub(crate) fn run(input: u32) -> String {
            let ok_or = try_new(input).ok_or(Failed("none"));
            let ok_or_else = try_new(input).ok_or_else(|| Failed("none at all"));
            let or_else = try_new(input).or_else(|| try_new(input >> 1));
            let or = try_new(input).map(|held| held.number()).unwrap_or(3);
            format!("{ok_or:?} {ok_or_else:?} {or_else:?} {or}")
        }
    } [
        "oooo Site try_new(input)"
        "oXoX OkOr try_new(input).ok_or(Failed(\"none\")) <- 0"
        "oooo Site try_new(input) #1"
        "oXoX OkOrElse try_new(input).ok_or_else(|| Failed(\"none at all\")) <- 2"
        "oooo Site try_new(input) #2"
        "oXoX OrElse try_new(input).or_else(|| try_new(input >> 1)) <- 4"
        "-o-o Site try_new(input >> 1)"
        "oooo Site try_new(input) #3"
        "oXoX UnwrapOr try_new(input).map(|held| held.number()).unwrap_or(3) <- 7"
    ]

    methods_on_lookups_are_about_data {
        fn inner(store: &Store, input: u32) -> Result<u32, Failed> {
            let first = store.get(input as usize).copied().unwrap_or(3);
            let second = store.held.iter().position(|n| *n == input).unwrap_or_default();
            let third = store.get(0).ok_or(Failed("empty"))?;
            let fourth = input.checked_sub(1).ok_or_else(|| Failed("below"))?;
            Ok(first + second as u32 + third + fourth)
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(&Store { held: vec![4] }, input)) }
    } []

    methods_on_places {
        struct Both { result: Result<Held, Full>, option: Option<u32> }
        fn inner(both: Both, given: Result<u32, Full>) -> Result<u32, Failed> {
            let copied = given;
            let first = copied.map_err(|_| Failed("copied"))?;
            let again = copied.unwrap_or(4);
            let option = both.option.unwrap_or(5);
            let held = both.result.map_err(|_| Failed("field"))?;
            Ok(first + again + option + held.number())
        }
        pub(crate) fn run(input: u32) -> String {
            format!("{:?}", inner(Both { result: try_box(input >> 1), option: None }, parse(input)))
        }
    } [
        "inner: oXoX MapErr copied.map_err(|_| Failed(\"copied\"))"
        "inner: oXoX Question copied.map_err(|_| Failed(\"copied\"))?"
        "inner: o-o- UnwrapOr copied.unwrap_or(4)"
        "inner: o-X- MapErr both.result.map_err(|_| Failed(\"field\"))"
        "inner: o-X- Question both.result.map_err(|_| Failed(\"field\"))?"
        "oooo Site try_box(input >> 1)"
    ]

    methods_of_other_types {
        #[derive(Debug)]
        struct Builder { parts: Vec<&'static str> }
        impl Builder {
            fn new() -> Builder { Builder { parts: Vec::new() } }
            fn map_err(&mut self, part: &'static str) -> &mut Builder { self.parts.push(part); self }
            fn ok(&self) -> usize { self.parts.len() }
            fn unwrap_or(self, part: &'static str) -> String { format!("{part} {self:?}") }
            fn is_null(&self) -> bool { self.parts.len() > 1 }
        }
        pub(crate) fn run(input: u32) -> String {
            let mut builder = Builder::new();
            builder.map_err("a").map_err("b");
            let count = builder.ok();
            if builder.is_null() && input == 1 { return builder.unwrap_or("early") }
            format!("{count} {} {}", Builder::new().map_err("c").ok(), Builder::new().unwrap_or("d"))
        }
    } [
        "oooo MapErr builder.map_err(\"a\")"
        "oooo MapErr builder.map_err(\"a\").map_err(\"b\")"
        "oooo Ok builder.ok()"
        "XXXX IsNull builder.is_null()"
        "-o-- UnwrapOr builder.unwrap_or(\"early\")"
        "o-oo MapErr Builder::new().map_err(\"c\")"
        "o-oo Ok Builder::new().map_err(\"c\").ok()"
        "o-oo UnwrapOr Builder::new().unwrap_or(\"d\")"
    ]

    method_closures_infer_their_parameters {
        use std::io;
        fn opened(input: u32) -> io::Result<u32> {
            if input == 1 { Err(io::Error::other("closed")) } else { Ok(input) }
        }
        fn inner(input: u32) -> Result<u32, String> {
            let n = opened(input).map_err(|error| error.to_string())?;
            opened(input >> 1).or_else(|error| if error.kind() == io::ErrorKind::Other { Ok(n) } else { Err(error.to_string()) })
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oXoo MapErr opened(input).map_err(|error| error.to_string())"
        "inner: oXoo Question opened(input).map_err(|error| error.to_string())?"
        "inner: o-XX OrElse opened(input >> 1).or_else(|error| if error.kind() == io::ErrorKind::Other {…} else {…})"
    ]

    method_behind_a_temporary {
        fn lent(held: &Held) -> Result<&u32, Full> { parse(held.number()).map(|_| held.borrow()) }
        pub(crate) fn run(input: u32) -> String {
            let sum = *lent(&Held(input)).unwrap_or(&Held(7).number()) + { log("between"); 1 };
            log("behind");
            sum.to_string()
        }
    } [
        "oXoX UnwrapOr lent(&Held(input)).unwrap_or(&Held(7).number())"
    ]

    method_at_the_start_of_a_statement {
        fn inner(input: u32) -> Result<(), Failed> {
            try_box(input).map_err(|_| Failed("first"))?;
            if input > 9 {}
            match parse(input) { Ok(n) => Ok(n), Err(full) => Err(full) }.map_err(|_| Failed("second"))?;
            { parse(input >> 1) }.map_err(|_| Failed("third"))?;
            try_box(input).map_err(|_| Failed("last")).map(|_| ())
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oooo Site try_box(input)"
        "inner: oXoX MapErr try_box(input).map_err(|_| Failed(\"first\")) <- 0"
        "inner: oXoX Question try_box(input).map_err(|_| Failed(\"first\"))? <- 0"
        "inner: o-o- MatchArm Err(full)"
        "inner: o-o- MapErr match parse(input) {…}.map_err(|_| Failed(\"second\"))"
        "inner: o-o- Question match parse(input) {…}.map_err(|_| Failed(\"second\"))?"
        "inner: o-X- MapErr {…}.map_err(|_| Failed(\"third\"))"
        "inner: o-X- Question {…}.map_err(|_| Failed(\"third\"))?"
        "inner: o--- Site try_box(input) #1"
        "inner: o--- MapErr try_box(input).map_err(|_| Failed(\"last\")) <- 8"
    ]

    method_on_a_struct_literal {
        #[derive(Debug, Clone, Copy)]
        struct Attempt { number: u32 }
        impl Attempt {
            fn unwrap_or(self, other: u32) -> u32 { if self.number % 2 == 1 { other } else { self.number } }
        }
        pub(crate) fn run(input: u32) -> String {
            (Attempt { number: input }.unwrap_or(5) + if (Attempt { number: 3 }).unwrap_or(2) == 2 { 1 } else { 0 }).to_string()
        }
    } [
        "oooo UnwrapOr Attempt {…}.unwrap_or(5)"
        "oooo UnwrapOr (Attempt {…}).unwrap_or(2)"
    ]

    method_on_a_mutable_reference {
        struct Iter<'a>(&'a mut Vec<u32>);
        impl<'a> Iter<'a> {
            fn spare(&mut self) -> Result<&mut u32, Full> { self.0.last_mut().ok_or(Full) }
        }
        fn inner(held: &mut Vec<u32>) -> Result<u32, Failed> {
            let mut iter = Iter(held);
            *iter.spare().map_err(|_| Failed("spare"))? += 1;
            let last = iter.spare().map_err(|_| Failed("spare"))?;
            *last += 1;
            Ok(*last)
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(&mut (0..input).collect())) }
    } [
        "inner: Xooo MapErr iter.spare().map_err(|_| Failed(\"spare\"))"
        "inner: Xooo Question iter.spare().map_err(|_| Failed(\"spare\"))?"
        "inner: -ooo MapErr iter.spare().map_err(|_| Failed(\"spare\")) #1"
        "inner: -ooo Question iter.spare().map_err(|_| Failed(\"spare\"))? #1"
    ]

    methods_in_a_chain {
        fn inner(input: u32) -> Option<u32> {
            try_box(input)
                .map_err(|_| Failed("a"))
                .or_else(|_| try_box(input >> 1).map_err(|_| Failed("b")))
                .ok()
                .map(|held| held.number())
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oooo Site try_box(input)"
        "inner: oXoX MapErr try_box(input).map_err(|_| Failed(\"a\")) <- 0"
        "inner: oXoX OrElse try_box(input).map_err(|_| Failed(\"a\")).or_else(|_| try_box(input >> 1).map_err(|_| Failed(\"b\"))) <- 0"
        "inner: -o-o Site try_box(input >> 1)"
        "inner: -o-X MapErr try_box(input >> 1).map_err(|_| Failed(\"b\")) <- 3"
        "inner: oooX Ok try_box(input).map_err(|_| Failed(\"a\")).or_else(|_| try_box(input >> 1).map_err(|_| Failed(\"b\"))).ok() <- 0"
    ]
}
