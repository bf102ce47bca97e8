macro_rules! tests {
    ($($(#[$attribute:meta])* $name:ident -> $returned:ty $body:block)*) => {$(
        #[firsthit::test(depth = 2)]
        $(#[$attribute])*
        fn $name() -> $returned $body
    )*};
}

tests! {
    /// Documented.
    one -> Result<(), String> { Ok(()) }
    two -> Option<u8> { Some(2) }
}

fn main() {}
