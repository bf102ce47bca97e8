//! From the project to programs with their tests: instrument, build, list.

use std::env;
use std::ffi::OsString;

use crate::build::instrument::instrument;
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
    let mut programs = Vec::new();
    match options.test_tool {
        TestTool::Cargo => {
            let built = cargo::build(&cargo, &place.build(), &instrumented, options, output)?;
            for binary in &built.binaries {
                let mut program = built.program(binary, project, &instrumented.probe)?;
                let other = harness::is_switched_off(&program.folder, &binary.kind, &binary.target);
                listing::list(&mut program, !other)?;
                programs.push(program);
            }
        }
        TestTool::Nextest => {
            let (built, tests) = nextest::build(&cargo, &place.build(), &instrumented, options, output)?;
            for (binary, tests) in built.binaries.iter().zip(tests) {
                let program = built.program(binary, project, &instrumented.probe)?;
                let other = harness::is_switched_off(&program.folder, &binary.kind, &binary.target);
                let threads = !other || listing::takes_threads(&program);
                programs.push(Program { tests, threads, ..program });
            }
        }
    }
    programs.sort_by(|one, other| one.binary.cmp(&other.binary));
    Ok(programs)
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
