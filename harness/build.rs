//! Decides which platforms get the portable mechanisms: those without what the others are written for.

use std::env;

/// The one place where the platforms are named; everywhere else `cfg(firsthit_portable)` asks for the answer.
///
/// `RUSTFLAGS="--cfg firsthit_portable"` gives the same answer anywhere, for tests.
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(firsthit_portable)");
    let is = |name: &str, values: &[&str]| env::var(name).is_ok_and(|value| values.contains(&value.as_str()));
    let native = is("CARGO_CFG_TARGET_OS", &["linux"])
        && is("CARGO_CFG_TARGET_ENV", &["gnu"])
        && is("CARGO_CFG_TARGET_ARCH", &["x86_64", "aarch64"])
        && is("CARGO_CFG_TARGET_POINTER_WIDTH", &["64"]);
    if !native || env::var_os("CARGO_CFG_MIRI").is_some() {
        println!("cargo::rustc-cfg=firsthit_portable");
    }
}
