//! Which targets of a package bring their own `main` instead of Rust's test runner: only its manifest says.

use std::fs;

use camino::Utf8Path;
use toml::{Table, Value};

/// Whether the manifest of the package in `folder` says `harness = false` of the target. Where it cannot be read, it says
/// nothing.
pub(crate) fn is_switched_off(folder: &Utf8Path, kind: &str, target: &str) -> bool {
    let table = fs::read_to_string(folder.join("Cargo.toml")).ok().and_then(|text| text.parse::<Table>().ok());
    table.is_some_and(|table| said_of(&table, kind, target))
}

fn said_of(manifest: &Table, kind: &str, target: &str) -> bool {
    let is_off = |entry: &Value| entry.get("harness").and_then(Value::as_bool) == Some(false);
    let is_named = |entry: &&Value| entry.get("name").and_then(Value::as_str) == Some(target);
    match kind {
        "test" | "bench" | "bin" | "example" => {
            let entries = manifest.get(kind).and_then(Value::as_array);
            entries.is_some_and(|entries| entries.iter().find(is_named).is_some_and(is_off))
        }
        _ => manifest.get("lib").is_some_and(is_off),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_says_it_of_each_target() {
        let text = "[lib]\nharness = false\n[[test]]\nname = \"own\"\nharness = false\n[[test]]\nname = \"it\"\n\
            [[bench]]\nname = \"it\"\nharness = false";
        let table: Table = text.parse().unwrap();
        let off = [("lib", "x"), ("proc-macro", "x"), ("test", "own"), ("bench", "it")];
        assert!(off.iter().all(|(kind, name)| said_of(&table, kind, name)));
        assert!([("test", "it"), ("bin", "own")].iter().all(|(kind, name)| !said_of(&table, kind, name)));
    }
}
