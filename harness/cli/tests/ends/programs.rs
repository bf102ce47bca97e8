//! `cargo firsthit run`: programs that are no tests, and those that cannot be swept.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::demo;

const CHECKED: &str = "#include <stdio.h>\n#include <stdlib.h>\n\
    int main(int count, char **words) {\n\
    char *one = malloc(count * 100);\n\
    if (!one) { fprintf(stderr, \"no memory\\n\"); return 3; }\n\
    volatile char *other = malloc(200);\n\
    other[0] = 1;\n\
    free(one); free((void *)other);\n\
    return count > 1 ? 3 : 0;\n}\n";

const ENDLESS: &str = "#include <stdlib.h>\n#include <unistd.h>\n\
    int main(int count, char **words) {\n\
    void *one = malloc(100);\n\
    while (count > 1 || !one) sleep(1);\n\
    free(one);\n    return 0;\n}\n";

/// A library's constructor starts a thread, which waits.
const THREADED: &str = "#include <pthread.h>\n#include <stdlib.h>\n#include <unistd.h>\n\
    static void *waits(void *nothing) { for (;;) pause(); }\n\
    __attribute__((constructor)) static void begins(void) {\n\
    pthread_t thread;\n    pthread_create(&thread, 0, waits, 0);\n}\n\
    int main(void) {\n\
    char *one = malloc(100);\n\
    if (!one) return 4;\n\
    volatile char *other = malloc(200);\n\
    other[0] = 1;\n\
    free(one); free((void *)other);\n    return 0;\n}\n";

/// Starts a thread, and says so if it cannot.
const SPAWNING: &str = "#include <pthread.h>\n\
    static void *nothing(void *it) { return it; }\n\
    int main(void) {\n\
    pthread_t thread;\n\
    if (pthread_create(&thread, 0, nothing, 0)) return 3;\n\
    pthread_join(thread, 0);\n    return 0;\n}\n";

const RUST: &str = "fn main() {\n    let mut room: Vec<u8> = Vec::new();\n    \
    if room.try_reserve_exact(10).is_err() {\n        std::process::exit(5);\n    }\n    \
    let mut more: Vec<u8> = Vec::new();\n    more.try_reserve_exact(20).unwrap();\n    \
    println!(\"{:?}\", std::hint::black_box((room, more)).0.capacity() > 0);\n}\n";

/// A folder outside of any package of Cargo's, as the target folder is not.
struct Programs(TempDir);

impl Programs {
    fn new() -> Programs {
        Programs(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Builds the program `name`.
    fn c(&self, name: &str, text: &str, flags: &[&str]) {
        fs::write(self.path("program.c"), text).unwrap();
        let fixed = ["-g", "-O0", "-fno-omit-frame-pointer", "-pthread", "program.c", "-o", name];
        self.build("cc", &[&fixed[..], flags].concat());
    }

    fn rust(&self, name: &str, flags: &[&str]) {
        fs::write(self.path("program.rs"), RUST).unwrap();
        let fixed = ["-g", "-Cforce-frame-pointers=yes", "program.rs", "-o", name];
        self.build("rustc", &[&fixed[..], flags].concat());
    }

    fn build(&self, program: &str, words: &[&str]) {
        let output = Command::new(program).args(words).current_dir(self.0.path()).output().unwrap();
        assert!(output.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Line and verdict of each chain, what was said, and the exit code.
    fn run(&self, options: &[&str], program: &str, arguments: &[&str]) -> (Vec<(u64, String)>, String, i32) {
        let path = self.path(program);
        let words =
            [&["run", "--message-format", "json"], options, &["--", path.to_str().unwrap()], arguments].concat();
        let (out, err, code) = demo::ended(&mut demo::firsthit(self.0.path(), &words));
        let outcome = |line: &str| {
            let value: Value = serde_json::from_str(line).unwrap();
            let frames = value["chain"].as_array().unwrap().clone();
            let by = frames.into_iter().find(|frame| frame["owner"] == "workspace").unwrap_or_default();
            (by["line"].as_u64().unwrap_or(0), value["verdict"].as_str().unwrap().to_owned())
        };
        let mut found: Vec<_> = out.lines().map(outcome).collect();
        found.sort();
        (found, err, code)
    }
}

fn found(lines: &[(u64, &str)]) -> Vec<(u64, String)> {
    lines.iter().map(|(line, verdict)| (*line, (*verdict).to_owned())).collect()
}

#[test]
fn a_program_in_c_is_swept_whatever_it_ends_with() {
    let expected = found(&[(4, "recovered"), (6, "crashed")]);
    let programs = Programs::new();
    programs.c("checked", CHECKED, &[]);
    let (chains, err, code) = programs.run(&[], "checked", &[]);
    assert_eq!((&chains, code), (&expected, 2), "{err}");
    // With status 3 in all runs, the error's own status is nothing new.
    let (chains, err, code) = programs.run(&[], "checked", &["word"]);
    assert_eq!((chains, code), (found(&[(4, "absorbed"), (6, "crashed")]), 2), "{err}");
}

#[test]
fn a_program_in_rust_is_swept_with_either_kind_of_panic() {
    let programs = Programs::new();
    programs.rust("unwinding", &[]);
    programs.rust("aborting", &["-Cpanic=abort"]);
    let (chains, err, code) = programs.run(&[], "unwinding", &[]);
    assert_eq!((chains, code), (found(&[(3, "recovered"), (7, "panicked"), (8, "aborted")]), 2), "{err}");
    let (chains, err, code) = programs.run(&[], "aborting", &[]);
    assert_eq!((chains, code), (found(&[(3, "recovered"), (7, "panicked"), (8, "aborted")]), 2), "{err}");
}

#[test]
fn a_program_with_threads_before_its_main_is_swept_by_fresh_processes() {
    let programs = Programs::new();
    programs.c("threaded", THREADED, &[]);
    let (chains, err, code) = programs.run(&[], "threaded", &[]);
    assert_eq!((chains, code), (found(&[(10, "recovered"), (12, "crashed")]), 2), "{err}");
}

#[test]
fn what_the_library_itself_makes_for_a_thread_is_none_of_the_programs_chains() {
    let programs = Programs::new();
    programs.c("spawning", SPAWNING, &[]);
    let (chains, err, code) = programs.run(&[], "spawning", &[]);
    // The C library's own, for the thread's local variables.
    assert_eq!((chains, code), (found(&[(5, "recovered")]), 0), "{err}");
}

#[test]
fn a_program_that_never_ends_behind_a_failure_is_told_of() {
    let programs = Programs::new();
    programs.c("endless", ENDLESS, &[]);
    let (chains, err, code) = programs.run(&["--timeout", "0.5"], "endless", &[]);
    assert_eq!((chains, code), (found(&[(4, "hung")]), 3), "{err}");
}

#[test]
#[ignore = "a run without a failure may take a minute, whatever --timeout says"]
fn a_program_that_never_ends_by_itself_is_told_of() {
    let programs = Programs::new();
    programs.c("endless", ENDLESS, &[]);
    let (chains, err, code) = programs.run(&["--timeout", "0.5"], "endless", &["word"]);
    assert_eq!((chains, code), (Vec::new(), 4), "{err}");
    assert!(err.contains("does not end without an injected failure"), "{err}");
}

#[test]
fn what_cannot_be_preloaded_into_is_refused_with_the_cure() {
    let programs = Programs::new();
    programs.c("static", CHECKED, &["-static"]);
    let (chains, err, code) = programs.run(&[], "static", &[]);
    assert!(chains.is_empty() && code == 1, "{err}");
    assert!(err.contains("statically linked") && err.contains("build it without"), "{err}");
    let script = programs.path("script");
    fs::write(&script, "#!/bin/sh\necho hello\n").unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&script).status().unwrap().success());
    let (chains, err, code) = programs.run(&[], "script", &[]);
    assert!(chains.is_empty() && code == 1, "{err}");
    assert!(err.contains("script") && err.contains("/bin/sh"), "{err}");
    let (_, err, code) = programs.run(&[], "nothing-here", &[]);
    assert!(code == 1 && err.contains("nothing-here"), "{err}");
}
