//! The variables by which build scripts compile C and C++: frame pointers and line tables are added to what they say.

use crate::build::probe::Probe;

/// What is added: frame pointers, and of debugging information the lines.
const ADDED: &str = "-fno-omit-frame-pointer -g1";

/// The variables and their new values.
///
/// The `cc` crate reads several names for each language; older releases of it take only the most specific one. So what is
/// added goes behind each of them that is set, and into the plain one in any case.
pub(crate) fn variables(probe: &Probe) -> Vec<(String, String)> {
    let triples = ["TARGET", "HOST"].into_iter().filter_map(|name| probe.variable(name));
    let mut suffixes: Vec<String> = triples.flat_map(|triple| [triple.to_owned(), triple.replace('-', "_")]).collect();
    suffixes.sort();
    suffixes.dedup();
    let mut variables = Vec::new();
    for plain in ["CFLAGS", "CXXFLAGS"] {
        let prefixed = ["TARGET", "HOST"].map(|prefix| format!("{prefix}_{plain}"));
        let suffixed = suffixes.iter().map(|suffix| format!("{plain}_{suffix}"));
        let specific = prefixed.into_iter().chain(suffixed);
        let set = specific.filter_map(|name| Some((probe.variable(&name)?.to_owned(), name)));
        let plain_value = probe.variable(plain).unwrap_or_default().to_owned();
        let all = std::iter::once((plain_value, plain.to_owned())).chain(set);
        variables.extend(all.map(|(value, name)| (name, format!("{value} {ADDED}").trim_start().to_owned())));
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_kept_and_every_name_that_is_set_is_added_to() {
        let set =
            [("TARGET", "x-y"), ("HOST", "x-y"), ("CFLAGS_x_y", "-O1"), ("TARGET_CFLAGS", "-DA"), ("CXXFLAGS", "-DB")];
        let environment = set.map(|(name, value)| (name.into(), value.into())).into();
        let probe = Probe { rustflags: Vec::new(), lines: true, environment, library_path: Vec::new() };
        let found = variables(&probe);
        let expected = [
            ("CFLAGS", "-fno-omit-frame-pointer -g1"),
            ("TARGET_CFLAGS", "-DA -fno-omit-frame-pointer -g1"),
            ("CFLAGS_x_y", "-O1 -fno-omit-frame-pointer -g1"),
            ("CXXFLAGS", "-DB -fno-omit-frame-pointer -g1"),
        ];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
