//! The code map in ARCHITECTURE.md names every source file, lowest first, and a file imports only from those above it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The folders whose files the code map names.
const FOLDERS: [&str; 5] =
    ["alloc-core/rfl/src/", "alloc-core/src/", "harness/cli/src/", "harness/src/", "inject-macros/src/"];

/// Where the workspace lies.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files that the code map names below `folder`, in its order, relative to the folder.
fn mapped(folder: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("- `")?.split_once('`'));
    let files = rows.filter_map(|(path, _)| path.strip_prefix(folder)).filter(|path| path.ends_with(".rs"));
    files.map(str::to_owned).collect()
}

/// The source files below `folder`, relative to it: not the tests', and not the headings that only name modules.
fn present(folder: &str) -> BTreeSet<String> {
    fn visit(folder: &Path, base: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && name != "tests" {
                visit(&path, base, found);
            } else if name.ends_with(".rs") && !["mod.rs", "lib.rs"].contains(&name) {
                found.insert(path.strip_prefix(base).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let base = root().join(folder);
    let mut found = BTreeSet::new();
    visit(&base, &base, &mut found);
    found
}

/// The part of a source file before its tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap()
}

/// The files that a file names through `crate::` and `super::` paths.
fn imports(file: &str, text: &str, files: &BTreeMap<String, usize>) -> BTreeSet<String> {
    let own: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
    let parent = &own[..own.len() - 1];
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join(" ");
    let mut found = BTreeSet::new();
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            if code[..at].ends_with(|before: char| before.is_alphanumeric() || "_$:".contains(before)) {
                continue;
            }
            let mut base: Vec<&str> = if start == "super::" { parent.to_vec() } else { Vec::new() };
            let mut rest = &code[at + start.len()..];
            while let Some(outer) = rest.strip_prefix("super::") {
                base.pop();
                rest = outer;
            }
            for path in expanded(rest) {
                let full: Vec<&str> = base.iter().copied().chain(path.iter().map(String::as_str)).collect();
                let longest = (1..=full.len()).rev().map(|len| full[..len].join("/") + ".rs");
                found.extend(longest.into_iter().find(|path| files.contains_key(path)));
            }
        }
    }
    found.remove(file);
    found
}

/// The paths of a use tree: `a::{b, c::d}` is `a b` and `a c d`.
fn expanded(text: &str) -> Vec<Vec<String>> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let name: String = text.chars().take_while(|c| is_name(*c)).collect();
    let rest = &text[name.len()..];
    if let Some(group) = text.strip_prefix('{') {
        let mut depth = 0;
        let end = group.find(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth < 0
        });
        let mut paths = Vec::new();
        let mut depth = 0;
        let parts = group[..end.unwrap_or(group.len())].split(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        });
        parts.for_each(|part| paths.extend(expanded(part.trim())));
        return paths;
    }
    if name.is_empty() {
        return vec![Vec::new()];
    }
    let tails = rest.strip_prefix("::").map_or_else(|| vec![Vec::new()], expanded);
    tails.into_iter().map(|tail| std::iter::once(name.clone()).chain(tail).collect()).collect()
}

#[test]
fn the_map_names_every_source_file_once() {
    for folder in FOLDERS {
        let mapped = mapped(folder);
        let unique: BTreeSet<String> = mapped.iter().cloned().collect();
        assert_eq!(unique.len(), mapped.len(), "{folder}: a file is named twice");
        assert_eq!(unique, present(folder), "{folder}: the code map (left) is not the tree (right)");
    }
}

#[test]
fn a_file_imports_only_from_those_above_it() {
    for folder in FOLDERS {
        let order: BTreeMap<String, usize> =
            mapped(folder).into_iter().enumerate().map(|(n, file)| (file, n)).collect();
        let mut against = Vec::new();
        for (file, place) in &order {
            let text = fs::read_to_string(root().join(folder).join(file)).unwrap();
            let imported = imports(file, without_tests(&text), &order);
            let late = imported.into_iter().filter(|import| order[import] > *place);
            against.extend(late.map(|import| format!("{file} imports {import}")));
        }
        assert!(against.is_empty(), "{folder}: against the order of the code map:\n{}", against.join("\n"));
    }
}

#[test]
fn use_trees_are_read_to_their_leaves() {
    let paths: Vec<String> = expanded("a::{b, c::{d, e}, self}; rest").iter().map(|path| path.join("/")).collect();
    assert_eq!(paths, ["a/b", "a/c/d", "a/c/e", "a/self"]);
}
