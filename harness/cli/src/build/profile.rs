//! The profiles of a manifest: which packages have their line tables switched off in them.

use std::fs;

use camino::Utf8Path;
use toml::{Table, Value};

use crate::trouble::Trouble;

/// What a workspace's manifest says of profiles.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Profiles {
    profiles: Table,
    /// The switches of unstable features, which profiles may need.
    cargo_features: Option<Value>,
}

impl Profiles {
    /// Reads them from a workspace's manifest.
    ///
    /// # Errors
    /// Says why the manifest cannot be read.
    pub(crate) fn load(manifest: &Utf8Path) -> Result<Profiles, Trouble> {
        let trouble = |error: &dyn std::fmt::Display| Trouble::usage(format!("cannot read {manifest}: {error}"));
        let text = fs::read_to_string(manifest).map_err(|error| trouble(&error))?;
        let mut table: Table = text.parse().map_err(|error| trouble(&error))?;
        let profiles = match table.remove("profile") {
            Some(Value::Table(profiles)) => profiles,
            _ => Table::new(),
        };
        Ok(Profiles { profiles, cargo_features: table.remove("cargo-features") })
    }

    /// The same as a manifest's text, without what is said of single packages.
    pub(crate) fn manifest(&self) -> String {
        let mut profiles = self.profiles.clone();
        for (_, profile) in &mut profiles {
            if let Value::Table(profile) = profile {
                profile.remove("package");
            }
        }
        let mut table = Table::new();
        if let Some(features) = &self.cargo_features {
            table.insert("cargo-features".to_owned(), features.clone());
        }
        table.insert("profile".to_owned(), Value::Table(profiles));
        table.to_string()
    }

    /// What gives those packages line tables, for Cargo's `--config`, whose own settings of `profile` leave them without.
    pub(crate) fn cures(&self, profile: &str) -> Vec<String> {
        let mut settled: Vec<&str> = Vec::new();
        let mut cures = Vec::new();
        for name in self.ancestors(profile) {
            let packages = self.table(name).and_then(|table| table.get("package")?.as_table());
            for (spec, settings) in packages.into_iter().flatten() {
                let Some(debug) = settings.get("debug") else { continue };
                if settled.contains(&spec.as_str()) {
                    continue;
                }
                settled.push(spec);
                if !has_lines(debug) {
                    let key = Value::String(spec.clone());
                    cures.push(format!("profile.{profile}.package.{key}.debug=1"));
                }
            }
        }
        cures
    }

    /// The profile and those that it inherits from, nearest first.
    fn ancestors<'a>(&'a self, profile: &'a str) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        let mut next = Some(profile);
        while let Some(name) = next.filter(|name| !names.contains(name)) {
            names.push(name);
            next = match name {
                "dev" | "release" => None,
                "test" => Some("dev"),
                "bench" => Some("release"),
                _ => self.table(name).and_then(|table| table.get("inherits")?.as_str()),
            };
        }
        names
    }

    fn table(&self, name: &str) -> Option<&Table> {
        self.profiles.get(name)?.as_table()
    }
}

fn has_lines(debug: &Value) -> bool {
    match debug {
        Value::Boolean(on) => *on,
        Value::Integer(level) => *level > 0,
        Value::String(level) => !["none", "line-directives-only", "line-tables-only"].contains(&level.as_str()),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profiles(text: &str) -> Profiles {
        let mut table: Table = text.parse().unwrap();
        let Some(Value::Table(profiles)) = table.remove("profile") else { panic!("no profile") };
        Profiles { profiles, cargo_features: None }
    }

    #[test]
    fn packages_without_lines_get_some_unless_a_nearer_profile_says_otherwise() {
        let text = "[profile.dev.package.\"*\"]\ndebug = false\n[profile.dev.package.a]\ndebug = 0\n\
            [profile.test.package.a]\ndebug = 2\n[profile.dev.package.b]\nopt-level = 3\n\
            [profile.dist]\ninherits = \"release\"\n[profile.release.package.c]\ndebug = \"none\"";
        let profiles = profiles(text);
        assert_eq!(profiles.cures("test"), ["profile.test.package.\"*\".debug=1"]);
        assert_eq!(profiles.cures("dist"), ["profile.dist.package.\"c\".debug=1"]);
        assert!(profiles.cures("unknown").is_empty());
    }

    #[test]
    fn profiles_that_inherit_in_a_circle_are_left_to_cargo() {
        let circle = profiles("[profile.a]\ninherits = \"b\"\n[profile.b]\ninherits = \"a\"");
        assert_eq!(circle.ancestors("a"), ["a", "b"]);
    }

    #[test]
    fn a_copy_leaves_out_what_is_said_of_packages() {
        let copy = profiles("[profile.dev]\ndebug = 1\n[profile.dev.package.a]\ndebug = 0").manifest();
        assert!(copy.contains("debug = 1") && !copy.contains("package"), "{copy}");
    }
}
