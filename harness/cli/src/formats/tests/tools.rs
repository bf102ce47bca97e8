//! The forms as the programs of others read them: xmllint and lcov, which `.ci/run` installs.

use std::path::Path;
use std::process::Command;

use super::{both, written};
use crate::contents::gather::Contents;
use crate::options::format::Format;

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/formats/tests");

fn run(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}: apt-get install lcov libxml2-utils"));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        format!("{told}{text}").chars().take(2_000).collect::<String>()
    );
    text + &told
}

fn file(folder: &Path, format: Format, contents: &Contents) -> String {
    let name = format!("report.{}", format.word());
    std::fs::write(folder.join(&name), written(format, contents)).unwrap();
    name
}

/// The schema is that of Jenkins' plugin xunit:
/// <https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd>
#[test]
#[ignore = "needs xmllint: .ci/run installs it"]
fn junit_is_what_the_schema_of_jenkins_says() {
    let folder = tempfile::tempdir().unwrap();
    for contents in both() {
        let name = file(folder.path(), Format::Junit, &contents);
        run("xmllint", &["--noout", "--schema", &format!("{HERE}/junit-10.xsd"), &name], folder.path());
    }
}

#[test]
#[ignore = "needs xmllint: .ci/run installs it"]
fn cobertura_is_what_its_document_type_says() {
    let folder = tempfile::tempdir().unwrap();
    for contents in both() {
        let name = file(folder.path(), Format::Cobertura, &contents);
        run("xmllint", &["--noout", "--dtdvalid", &format!("{HERE}/coverage-04.dtd"), &name], folder.path());
    }
}

#[test]
#[ignore = "needs lcov and genhtml: .ci/run installs them"]
fn lcov_and_genhtml_read_the_tracefile_and_count_the_same() {
    for contents in both() {
        let folder = tempfile::tempdir().unwrap();
        // As it is in a project: the files are there.
        let contents = Contents { root: camino::Utf8Path::from_path(folder.path()).map(Into::into), ..contents };
        let lines = contents.recovery_lines();
        for file in lines.keys() {
            // A hostile name is none that a file can have; what is written for it is.
            let path = camino::Utf8Path::from_path(folder.path()).unwrap().join(file);
            let path = crate::formats::text::plain(path.as_str());
            let made = std::fs::create_dir_all(Path::new(&path).parent().unwrap());
            let _ = made.and_then(|()| std::fs::write(&path, "// a line\n".repeat(60)));
        }
        let name = file(folder.path(), Format::Lcov, &contents);
        let told = run("lcov", &["--summary", &name, "--rc", "lcov_branch_coverage=1"], folder.path());
        let all: Vec<_> = lines.values().flat_map(|lines| lines.values()).collect();
        let hit = all.iter().filter(|line| line.hits() > 0).count();
        assert!(told.contains(&format!("({hit} of {} lines)", all.len())), "{told}");
        let rate = crate::contents::recovery::Rate::of(all.iter().flat_map(|line| line.all()));
        assert!(told.contains(&format!("({} of {} branches)", rate.tested, rate.all)), "{told}");
        if lines.keys().all(|file| file.as_str().len() < 200 && !file.as_str().contains(char::is_control)) {
            run("genhtml", &["--branch-coverage", "-q", "-o", "html", &name], folder.path());
            assert!(folder.path().join("html/index.html").is_file());
        }
    }
}
