//! The build script of a package with one file of C: builds it with the compiler itself, as the environment says.

use std::env;
use std::fs;
use std::process::Command;

fn main() {
    let out = env::var("OUT_DIR").unwrap();
    let flags = env::var("CFLAGS").unwrap_or_default();
    let run = |program: &str, arguments: &[&str]| {
        assert!(Command::new(program).args(arguments).status().unwrap().success(), "{program}");
    };
    let files = fs::read_dir("src").unwrap().map(|entry| entry.unwrap().path());
    let source = files.into_iter().find(|path| path.extension().is_some_and(|kind| kind == "c")).unwrap();
    let (source, name) = (source.to_str().unwrap(), source.file_stem().unwrap().to_str().unwrap());
    let object = format!("{out}/{name}.o");
    let mut arguments: Vec<&str> = flags.split_whitespace().collect();
    arguments.extend(["-c", "-fPIC", source, "-o", &object]);
    run("cc", &arguments);
    run("ar", &["rcs", &format!("{out}/lib{name}.a"), &object]);
    println!("cargo:rustc-link-search=native={out}");
    println!("cargo:rustc-link-lib=static={name}");
    println!("cargo:rerun-if-changed={source}");
}
