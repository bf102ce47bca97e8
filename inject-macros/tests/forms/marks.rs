//! Forms of marks. Where nothing annotates the code, nothing may stay of them.

crate::compare::forms! {
    marks_on_arms_statements_and_blocks {
        fn inner(input: u32) -> Result<u32, Full> {
            #[cfg_attr(any(), firsthit::benign(reason = "a hint"))]
            let first = parse(input).unwrap_or(1);
            #[cfg_attr(any(), firsthit::untested(reason = "whole"))]
            {
                parse(0)?;
                #[cfg_attr(any(), firsthit::benign(reason = "inner"))]
                parse(2)?;
            }
            let second = match parse(input >> 1) {
                Ok(n) => n,
                #[cfg_attr(any(), firsthit::untested(reason = "an arm"), allow(unused))]
                Err(full) if full == Full => { parse(4)?; 3 }
                Err(_) => 4,
            };
            Ok(first + second)
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oXoX UnwrapOr parse(input).unwrap_or(1) ! benign: a hint"
        "inner: oooo Question parse(0)? ! untested: whole"
        "inner: oooo Question parse(2)? ! benign: inner"
        "inner: ooXX MatchArm Err(full) if full == Full ! untested: an arm"
        "inner: oooo MatchArm Err(_)"
        "inner: --oo Question parse(4)? ! untested: an arm"
    ]

    marks_on_functions {
        #[cfg_attr(any(), firsthit::untested(reason = "all of it"))]
        fn inner(input: u32) -> Result<u32, Full> {
            fn nested(n: u32) -> Result<u32, Full> { Ok(parse(n)?) }
            Ok(nested(input)? + try_box(input >> 1)?.number())
        }
        struct Type;
        impl Type {
            #[firsthit::benign(reason = "the attribute alone changes nothing")]
            fn make(&self, input: u32) -> Option<u32> { parse(input).ok() }
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?} {:?}", inner(input), Type.make(input)) }
    } [
        "inner::nested: oXoX Question parse(n)? ! untested: all of it"
        "inner: oXoX Question nested(input)? ! untested: all of it"
        "inner: o-o- Site try_box(input >> 1)"
        "inner: o-X- Question try_box(input >> 1)? <- 1 ! untested: all of it"
        "Type::make: oXoX Ok parse(input).ok() ! benign: the attribute alone changes nothing"
    ]
}
