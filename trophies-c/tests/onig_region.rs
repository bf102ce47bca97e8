//! onig 6.5.3: a region has no positions after a search that failed, and says that it has some.
use onig::{MatchParam, Regex, Region, SearchOptions};

#[test]
fn a_region_can_be_read_after_an_error() {
    let pattern = Regex::new("(a)(b)").unwrap();
    let mut region = Region::new();
    let found =
        pattern.match_with_param("ab", 0, SearchOptions::SEARCH_OPTION_NONE, Some(&mut region), MatchParam::default());
    if region.len() > 1 {
        region.pos(1);
    }
    assert_eq!(found.unwrap(), Some(2));
}
