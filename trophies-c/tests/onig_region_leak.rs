//! onig 6.5.3: a region with the beginnings of groups and not their ends loses the beginnings.
use onig::{MatchParam, Regex, Region, SearchOptions};

#[test]
fn a_region_gives_back_what_it_has() {
    let pattern = Regex::new("(a)(b)").unwrap();
    let mut region = Region::new();
    let options = SearchOptions::SEARCH_OPTION_NONE;
    let found = pattern.match_with_param("ab", 0, options, Some(&mut region), MatchParam::default());
    drop(region);
    assert_eq!(found.unwrap(), Some(2));
}
