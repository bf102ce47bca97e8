//! SPEC.md names every row once, and only tests that exist; and every test that is named by a row stands in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Rows of the specification.
const ROWS: u32 = 133;

fn spec() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("SPEC.md")).unwrap()
}

/// The names of all tests that begin with a row.
fn tests() -> BTreeSet<String> {
    fn visit(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let names = text.lines().filter_map(|line| line.trim_start().strip_prefix("fn row_")?.split_once('('));
                found.extend(names.map(|(name, _)| format!("row_{name}")));
            }
        }
    }
    let mut found = BTreeSet::new();
    for folder in ["src", "tests", "rfl/tests"] {
        visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    found
}

/// The names between backquotes that begin with a row; `*` at the end stands for all that begin so.
fn named(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).filter(|name| name.starts_with("row_")).collect()
}

/// The numbers in the first column of a table's line: `4, 5` and `89 to 95` are several.
fn rows(line: &str) -> Vec<u32> {
    let column = line.strip_prefix("| ").and_then(|line| line.split_once(" |")).map_or("", |(column, _)| column);
    let part = |part: &str| -> Option<Vec<u32>> {
        Some(match part.split_once(" to ") {
            Some((from, to)) => (from.parse().ok()?..=to.parse().ok()?).collect(),
            None => vec![part.parse().ok()?],
        })
    };
    column.split(", ").filter_map(part).flatten().collect()
}

#[test]
fn every_row_stands_in_the_table_once() {
    let mut found: Vec<u32> = spec().lines().flat_map(rows).collect();
    found.sort_unstable();
    assert_eq!(found, (1..=ROWS).collect::<Vec<_>>());
}

#[test]
fn the_tests_that_are_named_exist_and_those_of_a_row_are_named() {
    let (text, tests) = (spec(), tests());
    let names = named(&text);
    let stands_for = |name: &str, test: &str| name.strip_suffix('*').map_or(name == test, |all| test.starts_with(all));
    let missing: Vec<_> = names.iter().filter(|name| !tests.iter().any(|test| stands_for(name, test))).collect();
    assert!(missing.is_empty(), "no such tests: {missing:?}");
    let unnamed: Vec<_> = tests.iter().filter(|test| !names.iter().any(|name| stands_for(name, test))).collect();
    assert!(unnamed.is_empty(), "not in SPEC.md: {unnamed:?}");
}

#[test]
fn the_number_of_tests_that_stand_behind_a_star_is_right() {
    let (text, tests) = (spec(), tests());
    for (at, _) in text.match_indices("_*` (") {
        let begin = text[..at].rfind('`').unwrap() + 1;
        let (name, rest) = (&text[begin..=at], &text[at + "_*` (".len()..]);
        let count: usize = rest.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(tests.iter().filter(|test| test.starts_with(name)).count(), count, "{name}");
    }
}
