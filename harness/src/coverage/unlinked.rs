//! A library whose annotated code is not part of the test program: nothing names it, or its condition is not met.

use std::fs;
use std::path::{Path, PathBuf};

use crate::annotation::registry;

/// No more files of a library than this are looked into.
const FILES_MAX: usize = 500;
/// Folders beside a library's root whose files are other crates, or none.
const NOT_ITS_OWN: [&str; 5] = ["benches", "bin", "examples", "target", "tests"];
/// Files there that are other crates.
const NOT_ITS_FILES: [&str; 2] = ["build.rs", "main.rs"];

/// What to do if the package's own library has annotated code and this program has none of it.
///
/// Cargo tells test programs where their package lies. Wherever that leaves a doubt, nothing is said: of modules that lie
/// outside of the folder of the library's root, and of other packages.
pub(crate) fn hint() -> Option<String> {
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    let manifest = fs::read_to_string(package.join("Cargo.toml")).ok()?;
    let (library, root) = library(&manifest)?;
    if registry::functions().iter().any(|function| function.krate() == library) {
        return None;
    }
    let root = package.join(root);
    let mut found = Vec::new();
    if root.is_file() {
        annotated(root.parent()?, &root, &mut FILES_MAX.clone(), &mut found);
    }
    let (file, condition) = to_tell(found)?;
    let file = file.strip_prefix(&package).unwrap_or(&file).display().to_string();
    Some(told(&file, &library, condition.as_deref()))
}

/// The file to tell of: what is annotated in every build counts, before what is so under a condition.
fn to_tell(found: Vec<(PathBuf, Option<String>)>) -> Option<(PathBuf, Option<String>)> {
    found.into_iter().min_by_key(|(_, condition)| condition.is_some())
}

fn told(file: &str, library: &str, condition: Option<&str>) -> String {
    match condition {
        None => format!(
            "firsthit: {file} has annotated code, and none of the library `{library}` is part of this program: what no test \
             names is not linked\n  help: `extern crate {library} as _;` in the test's file\n"
        ),
        Some("test") => format!(
            "firsthit: {file} has code that is annotated for the unit tests of the library `{library}` alone, and this program is \
             another: its recovery paths are not counted here\n  help: for this one, too, annotate it by a feature: \
             `#[cfg_attr(feature = \"..\", firsthit::instrument)]`\n"
        ),
        Some(condition) => format!(
            "firsthit: {file} has code that is annotated where `{condition}`, and none of it is part of this program\n  help: \
             build it so, and name the library in the test's file: `extern crate {library} as _;`\n"
        ),
    }
}

/// The name of the library target, and its root in the package.
fn library(manifest: &str) -> Option<(String, PathBuf)> {
    let (mut section, mut package, mut named, mut root) = ("", None, None, None);
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = value.trim().trim_start_matches(['"', '\'']).split(['"', '\'']).next();
        match (section, key.trim()) {
            ("[package]", "name") => package = value,
            ("[lib]", "name") => named = value,
            ("[lib]", "path") => root = value,
            _ => {}
        }
    }
    let name = named.or(package)?.replace('-', "_");
    Some((name, PathBuf::from(root.unwrap_or("src/lib.rs"))))
}

/// The files below `folder` that annotate code, and under which condition.
fn annotated(folder: &Path, root: &Path, left: &mut usize, found: &mut Vec<(PathBuf, Option<String>)>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Links may lead anywhere, and back.
        if path.is_dir() && !path.is_symlink() {
            if !NOT_ITS_OWN.contains(&&*name) && !name.starts_with('.') {
                annotated(&path, root, left, found);
            }
            continue;
        }
        let own = path == root || name.ends_with(".rs") && !NOT_ITS_FILES.contains(&&*name);
        if !own || *left == 0 {
            continue;
        }
        *left -= 1;
        let conditions = fs::read_to_string(&path).ok().and_then(|source| annotates(&source));
        found.extend(conditions.map(|condition| (path, condition)));
    }
}

/// Whether a source file has the attribute, in a place that is no comment, and under which condition.
fn annotates(source: &str) -> Option<Option<String>> {
    let attributes = source.lines().map(str::trim_start).filter_map(|line| {
        let line = line.strip_prefix("#[").or(line.strip_prefix("#!["))?;
        if line.starts_with("firsthit::instrument") {
            return Some(None);
        }
        let (arguments, _) = line.strip_prefix("cfg_attr(")?.split_once("firsthit::instrument")?;
        Some(Some(first_of(arguments)?.trim().to_owned()))
    });
    attributes.min_by_key(Option::is_some)
}

/// What stands in front of the first comma that is in no parentheses.
fn first_of(arguments: &str) -> Option<&str> {
    let mut depth = 0;
    let end = arguments.find(|character| {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        character == ',' && depth == 0
    })?;
    Some(&arguments[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_known_by_its_manifest() {
        let known = |text: &str| library(text).map(|(name, root)| format!("{name} {}", root.display()));
        for (manifest, expected) in [
            ("[package]\nname = \"my-cache\" # a comment\n", Some("my_cache src/lib.rs")),
            ("[package]\nname=\"a\"\n[lib]\nname = 'b'\n[[bin]]\nname = \"c\"", Some("b src/lib.rs")),
            ("[package]\nname = \"a\"\n[lib]\npath = \"x.rs\"", Some("a x.rs")),
            ("[workspace]\nmembers = [\"a\"]", None),
        ] {
            assert_eq!(known(manifest).as_deref(), expected, "{manifest}");
        }
    }

    #[test]
    fn annotated_code_is_known_with_its_condition() {
        let some = |condition: &str| Some(Some(condition.to_owned()));
        for (source, expected) in [
            ("mod a;\n    #[firsthit::instrument]\nfn f() {}", Some(None)),
            ("#![firsthit::instrument(skip(\"?\"))]", Some(None)),
            ("#[cfg_attr(test, firsthit::instrument)]", some("test")),
            (
                "#[cfg_attr(any(test, feature = \"x\"), inline, firsthit::instrument)]",
                some("any(test, feature = \"x\")"),
            ),
            ("#[cfg_attr(test, firsthit::instrument)]\n#[firsthit::instrument]", Some(None)),
            ("// #[firsthit::instrument]", None),
            ("\"firsthit::instrument\"", None),
            ("#[cfg_attr(test, inline)]", None),
        ] {
            assert_eq!(annotates(source), expected, "{source}");
        }
    }

    #[test]
    fn what_is_always_annotated_is_told_first() {
        let found = |conditions: &[Option<&str>]| {
            let file = |(number, condition): (usize, &Option<&str>)| {
                (PathBuf::from(number.to_string()), condition.map(str::to_owned))
            };
            to_tell(conditions.iter().enumerate().map(file).collect()).map(|(file, _)| file.display().to_string())
        };
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[Some("test"), None, None]).as_deref(), Some("1"));
        assert_eq!(found(&[Some("test"), Some("unix")]).as_deref(), Some("0"));
    }

    #[test]
    fn what_helps_depends_on_the_condition() {
        assert!(told("src/a.rs", "a", None).contains("help: `extern crate a as _;`"));
        assert!(told("src/a.rs", "a", Some("test")).contains("annotate it by a feature"));
        let other = told("src/a.rs", "a", Some("feature = \"x\""));
        assert!(other.contains("where `feature = \"x\"`") && other.contains("extern crate a"), "{other}");
    }
}
