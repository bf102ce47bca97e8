//! Builds the library that is preloaded, which the tool carries along.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let variable = |name: &str| env::var_os(name).unwrap_or_else(|| panic!("Cargo sets {name}"));
    let (own, out) = (PathBuf::from(variable("CARGO_MANIFEST_DIR")), PathBuf::from(variable("OUT_DIR")));
    let library = own.join("../preload");
    for changed in ["../preload", "../src", "../Cargo.toml", "../build.rs", "build.rs"] {
        println!("cargo::rerun-if-changed={}", own.join(changed).display());
    }
    let copy = out.join("libfirsthit_preload.so");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux")
        || env::var("CARGO_CFG_TARGET_ENV").as_deref() != Ok("gnu")
    {
        // Elsewhere nothing can be preloaded; the tool says so.
        carry(&[], &copy);
        return;
    }
    assert!(
        library.join("Cargo.toml").is_file(),
        "{} is missing: install cargo-firsthit from its repository (`cargo install --git`), which holds the library that it \
         preloads",
        library.display()
    );
    let built = build(&library, &out.join("preload"), &variable("TARGET").to_string_lossy());
    carry(&std::fs::read(&built).unwrap_or_else(|error| panic!("{}: {error}", built.display())), &copy);
}

/// Puts the library where the tool includes it, and says by what it is told from that of another version.
fn carry(library: &[u8], copy: &Path) {
    std::fs::write(copy, library).unwrap_or_else(|error| panic!("{}: {error}", copy.display()));
    // FNV-1a of 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let fingerprint = library.iter().fold(0xcbf2_9ce4_8422_2325, mix);
    println!("cargo::rustc-env=FIRSTHIT_PRELOAD_FINGERPRINT={fingerprint:016x}");
}

/// Builds the library for `target` and gives the path of its file.
fn build(package: &Path, folder: &Path, target: &str) -> PathBuf {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--target", target, "--target-dir"]).arg(folder).current_dir(package);
    // Nobody looks for its own functions in a chain.
    cargo.args(["--config", "profile.release.debug=false", "--config", "profile.release.strip=\"debuginfo\""]);
    // What is set for the tool's own build (wrappers, flags, coverage) is not meant for it.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        let meant = ["CARGO_HOME", "CARGO_NET_OFFLINE", "CARGO_MAKEFLAGS"].contains(&name.as_ref());
        let of_the_build =
            name.starts_with("CARGO_") && !name.starts_with("CARGO_REGISTR") || name.starts_with("RUSTC");
        if of_the_build && !meant || name == "RUSTFLAGS" {
            cargo.env_remove(name.as_ref());
        }
    }
    // Its chains are followed by frame pointers where the program has them.
    cargo.env("RUSTFLAGS", "-C force-frame-pointers=yes");
    let status = cargo.status().unwrap_or_else(|error| panic!("cargo cannot be started: {error}"));
    assert!(status.success(), "the library that is preloaded was not built");
    folder.join(target).join("release/libfirsthit_preload.so")
}
