//! A library whose annotated code is not part of the test program, because nothing in the program names it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::annotation::registry;

/// No more files of a library than this are looked into.
const FILES_MAX: usize = 500;

/// What to do if the package's own library has annotated code and this program has none of it.
///
/// Cargo tells test programs where their package lies. Wherever that leaves a doubt, nothing is said.
pub(crate) fn hint() -> Option<String> {
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    let manifest = fs::read_to_string(package.join("Cargo.toml")).ok()?;
    let library = library(&manifest)?;
    if registry::functions().iter().any(|function| function.krate == library) {
        return None;
    }
    let file = annotated(&package.join("src"), &mut FILES_MAX.clone())?;
    let file = file.strip_prefix(&package).unwrap_or(&file).display().to_string();
    Some(format!(
        "firsthit: {file} has annotated code, and none of the library `{library}` is part of this program: what no test names is \
         not linked\n  help: `extern crate {library} as _;` in the test's file\n"
    ))
}

/// The name of the library target, if it is at its usual place.
fn library(manifest: &str) -> Option<String> {
    let (mut section, mut package, mut named) = ("", None, None);
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = value.trim().strip_prefix('"').and_then(|value| value.split('"').next());
        match (section, key.trim()) {
            ("[package]", "name") => package = value,
            ("[lib]", "name") => named = value,
            ("[lib]", "path") => return None,
            _ => {}
        }
    }
    named.or(package).map(|name| name.replace('-', "_"))
}

/// A file below `folder` that annotates code in every build, and not only in the library's own tests.
fn annotated(folder: &Path, left: &mut usize) -> Option<PathBuf> {
    if !folder.join("lib.rs").is_file() && folder.ends_with("src") {
        return None;
    }
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths.into_iter().find_map(|path| {
        // Programs of the package are other crates.
        if path.is_dir() && !path.ends_with("bin") {
            return annotated(&path, left);
        }
        *left = left.checked_sub(1)?;
        let own = path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("main.rs");
        (own && annotates(&fs::read_to_string(&path).ok()?)).then_some(path)
    })
}

/// Whether a source file has the attribute, in a place that is neither a comment nor a condition.
fn annotates(source: &str) -> bool {
    source.lines().map(str::trim_start).any(|line| {
        line.strip_prefix("#[")
            .or(line.strip_prefix("#!["))
            .is_some_and(|line| line.starts_with("firsthit::instrument"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_known_by_its_manifest() {
        let named = |text| library(text);
        assert_eq!(named("[package]\nname = \"my-cache\" # a comment\n").as_deref(), Some("my_cache"));
        assert_eq!(named("[package]\nname=\"a\"\n[lib]\nname = \"b\"\n[[bin]]\nname = \"c\"").as_deref(), Some("b"));
        assert_eq!(named("[package]\nname = \"a\"\n[lib]\npath = \"x.rs\""), None);
        assert_eq!(named("[workspace]\nmembers = [\"a\"]"), None);
    }

    #[test]
    fn only_code_that_is_annotated_in_every_build_counts() {
        assert!(annotates("mod a;\n    #[firsthit::instrument]\nfn f() {}"));
        assert!(annotates("#![firsthit::instrument]"));
        for other in
            ["// #[firsthit::instrument]", "#[cfg_attr(test, firsthit::instrument)]", "\"firsthit::instrument\""]
        {
            assert!(!annotates(other), "{other}");
        }
    }
}
