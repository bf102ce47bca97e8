//! From the project to programs with their tests: instrument, build, list.

use std::env;
use std::ffi::OsString;

use camino::Utf8Path;

use crate::build::instrument::instrument;
use crate::build::probe::Probe;
use crate::build::program::Program;
use crate::build::{cargo, harness, listing, nextest};
use crate::options::cargo::{CargoOptions, TestTool};
use crate::options::filter::FilterOptions;
use crate::options::output::OutputOptions;
use crate::place::Place;
use crate::project::Project;
use crate::trouble::Trouble;

/// Builds the test binaries that `options` name, and lists all their tests, those that nobody asked for among them.
///
/// # Errors
/// If something cannot be built or listed; with nothing to tell where Cargo has told it.
pub(crate) fn build(
    options: &CargoOptions,
    output: &OutputOptions,
    project: &Project,
    place: &Place,
) -> Result<Vec<Program>, Trouble> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let instrumented = instrument(&cargo, project, place, options.profile_name())?;
    let folder = place.build();
    let mut programs = match (&options.archive_file, options.test_tool) {
        (Some(file), _) => {
            let listing = nextest::unpack(&cargo, &folder, (file, project.root()), output)?;
            if let Some(binary) = listing.0.binaries.iter().find(|binary| project.package(&binary.package).is_none()) {
                return Err(Trouble::usage(format!(
                    "{file} has the tests of {}, which is no package of {}: unpack it where the workspace lies in a folder of \
                     the same path",
                    binary.package,
                    project.root()
                )));
            }
            of_listing(listing, project, &instrumented.probe)?
        }
        (None, TestTool::Nextest) => {
            let listing = nextest::build(&cargo, &folder, &instrumented, options, output)?;
            of_listing(listing, project, &instrumented.probe)?
        }
        (None, TestTool::Cargo) => {
            let built = cargo::build(&cargo, &folder, &instrumented, options, output)?;
            let mut programs = Vec::new();
            for binary in &built.binaries {
                let mut program = built.program(binary, project, &instrumented.probe)?;
                let other = harness::is_switched_off(&program.folder, &binary.kind, &binary.target);
                listing::list(&mut program, !other)?;
                programs.push(program);
            }
            programs
        }
    };
    programs.sort_by(|one, other| one.binary.cmp(&other.binary));
    Ok(programs)
}

/// The programs of what nextest has listed.
fn of_listing((built, tests): nextest::Listing, project: &Project, probe: &Probe) -> Result<Vec<Program>, Trouble> {
    let mut programs = Vec::new();
    for (binary, tests) in built.binaries.iter().zip(tests) {
        let program = built.program(binary, project, probe)?;
        let other = harness::is_switched_off(&program.folder, &binary.kind, &binary.target);
        let threads = !other || listing::takes_threads(&program);
        programs.push(Program { tests, threads, ..program });
    }
    Ok(programs)
}

/// Builds the test binaries that `options` name, and puts all that they need into `file`.
///
/// # Errors
/// If something cannot be built or written; with nothing to tell where Cargo has told it.
pub(crate) fn archive(
    options: &CargoOptions,
    file: &Utf8Path,
    output: &OutputOptions,
    project: &Project,
    place: &Place,
) -> Result<(), Trouble> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let instrumented = instrument(&cargo, project, place, options.profile_name())?;
    let options = CargoOptions { test_tool: TestTool::Nextest, ..options.clone() };
    nextest::archive(&cargo, &place.build(), &instrumented, (&options, file), output)
}

/// The tests that `filter` takes, and the programs that have any.
pub(crate) fn chosen(programs: Vec<Program>, filter: &FilterOptions) -> Vec<Program> {
    let mut programs = programs;
    for program in &mut programs {
        let binary = &program.binary;
        program.tests.retain(|test| filter.takes(binary, &test.name, test.ignored));
    }
    programs.retain(|program| !program.tests.is_empty());
    programs
}
