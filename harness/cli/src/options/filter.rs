//! Which tests: by name, and whether ignored ones are among them.

use clap::Args;

/// What chooses among the tests of the binaries that are built.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Tests")]
pub(crate) struct FilterOptions {
    /// Only tests whose name contains one of these words.
    #[arg(value_name = "FILTER")]
    pub(crate) filters: Vec<String>,
    /// Filters and --skip name tests whole.
    #[arg(long)]
    pub(crate) exact: bool,
    /// Leave out tests whose name contains this word; may be given several times.
    #[arg(long, value_name = "FILTER")]
    pub(crate) skip: Vec<String>,
    /// Ignored tests, too.
    #[arg(long, conflicts_with = "ignored")]
    pub(crate) include_ignored: bool,
    /// Only ignored tests.
    #[arg(long)]
    pub(crate) ignored: bool,
}

impl FilterOptions {
    /// Whether no test is left out but ignored ones.
    pub(crate) fn takes_all(&self) -> bool {
        self.filters.is_empty() && self.skip.is_empty() && !self.ignored
    }

    /// Whether a test of this name is meant. A program that is one test has the empty name, and is known by its binary's.
    pub(crate) fn takes(&self, binary: &str, name: &str, ignored: bool) -> bool {
        let name = if name.is_empty() { binary } else { name };
        let fits = |filter: &String| if self.exact { filter == name } else { name.contains(filter.as_str()) };
        let asked = self.include_ignored || self.ignored == ignored;
        asked && (self.filters.is_empty() || self.filters.iter().any(fits)) && !self.skip.iter().any(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::FilterOptions;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn a_filter_takes_parts_of_names_and_exact_takes_whole_ones() {
        let mut options = FilterOptions { filters: words(&["push", "pop"]), ..Default::default() };
        assert!(options.takes("b", "it::push_grows", false) && options.takes("b", "pop", false));
        assert!(!options.takes("b", "it::clear", false));
        options.exact = true;
        assert!(!options.takes("b", "it::push_grows", false) && options.takes("b", "pop", false));
        options.skip = words(&["po"]);
        assert!(options.takes("b", "pop", false));
        options.exact = false;
        assert!(!options.takes("b", "pop", false) && options.takes("b", "it::push_grows", false));
    }

    #[test]
    fn ignored_tests_are_asked_for() {
        let taken = |include_ignored, ignored| {
            let options = FilterOptions { include_ignored, ignored, ..Default::default() };
            (options.takes("b", "t", false), options.takes("b", "t", true))
        };
        assert_eq!(
            (taken(false, false), taken(true, false), taken(false, true)),
            ((true, false), (true, true), (false, true))
        );
    }

    #[test]
    fn a_program_that_is_one_test_is_known_by_its_binary() {
        let options = FilterOptions { filters: words(&["own"]), ..Default::default() };
        assert!(options.takes("demo::own", "", false) && !options.takes("demo::it", "", false));
    }
}
