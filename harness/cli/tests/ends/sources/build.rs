//! Builds the C part with the compiler itself, as the environment says.

use std::env;
use std::process::Command;

fn main() {
    let out = env::var("OUT_DIR").unwrap();
    let flags = env::var("CFLAGS").unwrap_or_default();
    let run = |program: &str, arguments: &[&str]| {
        assert!(Command::new(program).args(arguments).status().unwrap().success(), "{program}");
    };
    let object = format!("{out}/sum.o");
    let mut arguments: Vec<&str> = flags.split_whitespace().collect();
    arguments.extend(["-c", "-fPIC", "src/sum.c", "-o", &object]);
    run("cc", &arguments);
    run("ar", &["rcs", &format!("{out}/libsum.a"), &object]);
    println!("cargo:rustc-link-search=native={out}");
    println!("cargo:rustc-link-lib=static=sum");
    println!("cargo:rerun-if-changed=src/sum.c");
}
