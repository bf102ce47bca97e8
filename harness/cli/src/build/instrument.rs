//! Frame pointers and line tables for a build, added to the flags that the user has, wherever these stand.

use std::env;
use std::ffi::{OsStr, OsString};

use toml::Value;

use crate::build::c_flags;
use crate::build::probe::{self, Probe};
use crate::build::profile::Profiles;
use crate::place::Place;
use crate::project::Project;
use crate::trouble::Trouble;

/// How Cargo is called for an instrumented build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Instrumented {
    /// Variables that are set.
    pub(crate) environment: Vec<(String, OsString)>,
    /// Values of `--config`.
    pub(crate) config: Vec<String>,
    /// What holds without them.
    pub(crate) probe: Probe,
}

/// Asks Cargo what holds for builds with this profile, and says what is to be added.
///
/// # Errors
/// As the probe's.
pub(crate) fn instrument(
    cargo: &OsStr,
    project: &Project,
    place: &Place,
    profile: &str,
) -> Result<Instrumented, Trouble> {
    let profiles = Profiles::load(&project.manifest())?;
    let probe = probe::ask(cargo, &place.probe(), &profiles, profile, &[])?;
    let flags = rustflags(&probe.rustflags, lines_by_flags(&probe.rustflags).unwrap_or(probe.lines)).join("\x1f");
    let mut environment = vec![
        ("CARGO_ENCODED_RUSTFLAGS".to_owned(), OsString::from(flags)),
        // Where `build.build-dir` is configured, the user's own builds lie there.
        ("CARGO_BUILD_BUILD_DIR".to_owned(), place.build().into_os_string()),
    ];
    let mut config = profiles.cures(profile);
    let c_flags: Vec<(String, OsString)> =
        c_flags::variables(&probe).into_iter().map(|(name, value)| (name, value.into())).collect();
    config.extend(forced(cargo, place, &profiles, profile, &probe, &c_flags)?);
    environment.extend(c_flags);
    Ok(Instrumented { environment, config, probe })
}

/// The user's flags and ours. Of two values for the same option the last one holds, so ours do, Cargo's own from the profile
/// included; names and lines are asked for only where they are not, for what the profile asks for may be more. Line tables alone
/// leave inlined functions without their paths, by which the code of tests, of std and of the crate are told apart.
fn rustflags(user: &[String], lines: bool) -> Vec<String> {
    let mut flags = user.to_vec();
    flags.extend(["-Cforce-frame-pointers=yes", "-Cstrip=none", "-Csplit-debuginfo=off"].map(str::to_owned));
    if !lines {
        flags.push("-Cdebuginfo=1".to_owned());
    }
    flags
}

/// What the last of the user's flags that speaks of debugging information says, if one does: whether there are lines.
fn lines_by_flags(flags: &[String]) -> Option<bool> {
    let mut words = flags.iter().enumerate().filter_map(|(place, flag)| {
        let before = place.checked_sub(1).map(|place| flags[place].as_str());
        let joined = ["-C", "--codegen="].iter().find_map(|prefix| flag.strip_prefix(prefix));
        let split = matches!(before, Some("-C" | "--codegen")).then_some(flag.as_str());
        if flag == "-g" { Some("2") } else { split.or(joined)?.strip_prefix("debuginfo=") }
    });
    words.next_back().map(|level| !["0", "none", "line-directives-only", "line-tables-only"].contains(&level))
}

/// Variables that an `[env]` table sets with `force = true`, whatever the environment says: these are set there.
fn forced(
    cargo: &OsStr,
    place: &Place,
    profiles: &Profiles,
    profile: &str,
    probe: &Probe,
    c_flags: &[(String, OsString)],
) -> Result<Vec<String>, Trouble> {
    let configured = |name: &str| probe.environment.get(OsStr::new(name)) != env::var_os(name).as_ref();
    if !c_flags.iter().any(|(name, _)| configured(name)) {
        return Ok(Vec::new());
    }
    let set = probe::ask(cargo, &place.probe(), profiles, profile, c_flags)?;
    let lost = c_flags.iter().filter(|(name, value)| set.environment.get(OsStr::new(name)) != Some(value));
    let text = |value: &OsString| Value::String(value.to_string_lossy().into_owned());
    Ok(lost.map(|(name, value)| format!("env.{name}.value={}", text(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::{lines_by_flags, rustflags};

    #[test]
    fn flags_that_take_the_lines_away_are_seen_in_every_spelling() {
        let lines = |line: &str| lines_by_flags(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        for line in
            ["-Cdebuginfo=0", "-C debuginfo=none", "--codegen=debuginfo=0", "--codegen debuginfo=0", "-g -Cdebuginfo=0"]
        {
            assert_eq!(lines(line), Some(false), "{line}");
        }
        assert_eq!(
            (lines("-Cdebuginfo=0 -g"), lines("-Copt-level=0"), lines("-C debuginfo=1")),
            (Some(true), None, Some(true))
        );
    }

    #[test]
    fn our_flags_stand_behind_the_users() {
        let flags = rustflags(&["-Cforce-frame-pointers=no".to_owned()], true);
        assert_eq!(flags[..2], ["-Cforce-frame-pointers=no", "-Cforce-frame-pointers=yes"]);
        assert!(!flags.iter().any(|flag| flag.contains("=1")));
        assert!(rustflags(&[], false).contains(&"-Cdebuginfo=1".to_owned()));
    }
}
