//! onig 6.5.3: a pattern whose last character gets no node of its own is compiled into another one.
use onig::{Regex, SearchOptions};

#[test]
fn a_pattern_is_an_error_without_memory() {
    // Compiled as `(?:hel)+`, which matches the first three letters alone.
    let pattern = Regex::new("hel+").unwrap();
    assert_eq!(pattern.match_with_options("hello", 0, SearchOptions::SEARCH_OPTION_NONE, None), Some(4));
}
