//! A disk that is full while results are written: it is said, and what was written before is whole.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::demo;
use crate::seeded::WORKSPACE;
use crate::swept::{Place, assert_sound, kept};

const WORDS: [&str; 9] = ["-p", "seeded", "--test", "it", "--skip", "waits", "--skip", "meets_a_chain_once", "-q"];

/// In a file system of its own of this size, which is then made large enough and gone on in; both codes are told.
const SCRIPT: &str = "mount -t tmpfs -o size=$SIZE tmpfs \"$KEPT\" && ln -s \"$BUILD\" \"$KEPT/build\" || exit 77\n\
    \"$@\" 2>\"$OUT/err\" >/dev/null\necho $? >\"$OUT/code\"\ncp \"$KEPT\"/ledger.sqlite* \"$OUT/firsthit/\"\n\
    mount -o remount,size=64m \"$KEPT\" || exit 77\n\
    \"$@\" --resume 2>\"$OUT/err-resumed\" >/dev/null\necho $? >\"$OUT/code-resumed\"\ncp -r \"$KEPT/run\" \"$OUT/firsthit/\"\n";

/// Runs the command with a disk of so many KiB; false if this machine lets nobody mount one.
fn in_full_disk(place: &Place, out: &Path, kibibytes: u32) -> bool {
    let command = place.command(&WORDS);
    let mut shell = Command::new("unshare");
    shell.args(["--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    shell.current_dir(&place.workspace);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.env("SIZE", format!("{kibibytes}k")).env("OUT", out).env("KEPT", place.target.join("firsthit"));
    shell.env("BUILD", WORKSPACE.join("target/firsthit/build"));
    shell.status().is_ok_and(|status| status.success())
}

#[test]
fn a_full_disk_is_told_and_damages_nothing() {
    let expected = Place::new("disk").sweep(&WORDS).found;
    let mut told = 0;
    // The preloaded library and the ledger need more than a megabyte; each outcome some hundred bytes in two places.
    for size in [400, 1200, 1600, 32 << 10] {
        let place = Place::new(&format!("disk-{size}"));
        let out = demo::folder(&format!("disk-{size}-out"));
        fs::create_dir(out.join("firsthit")).unwrap();
        if !in_full_disk(&place, &out, size) {
            println!("not tested: this machine lets nobody mount a file system (`unshare --map-root-user --mount`)");
            return;
        }
        let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
        let err = read("err");
        if read("code") == "1\n" {
            told += 1;
            assert!(err.contains("error: ") && err.contains(place.target.to_str().unwrap()), "{size}: {err}");
            assert!(err.contains("No space left on device") || err.contains("the disk is full"), "{size}: {err}");
        } else {
            assert_eq!(read("code"), "2\n", "{size}: {err}");
        }
        let copied = Place { workspace: place.workspace.clone(), target: out.clone() };
        if copied.ledger().exists() {
            assert_sound(&copied);
        }
        assert_eq!(read("code-resumed"), "2\n", "{size}: {}", read("err-resumed"));
        assert_eq!(kept(&out), expected, "{size}: {err} {}", read("err-resumed"));
    }
    assert!((2..=3).contains(&told), "{told} of the disks were full");
}
