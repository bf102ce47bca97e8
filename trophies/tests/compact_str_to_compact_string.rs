//! compact_str 0.10.0: `try_to_compact_string` panics where it promises an error.

use compact_str::{ToCompactString, ToCompactStringError};

/// Any type with a `Display` of its own; those of std are dealt with apart.
struct Path<'a>(&'a str, &'a str);

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.0, self.1)
    }
}

#[test]
fn a_failure_is_an_error() {
    let path = Path("a folder with a name that is long", "file");
    match path.try_to_compact_string() {
        Ok(text) => assert_eq!(text, "a folder with a name that is long/file"),
        Err(error) => assert!(matches!(error, ToCompactStringError::Reserve(_))),
    }
}
