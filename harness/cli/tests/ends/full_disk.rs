//! A disk that is full while results are written: it is said, and what was written before is whole.

use std::process::Command;

use crate::swept::{Place, assert_sound};

const WORDS: [&str; 8] = ["-p", "seeded", "--test", "it", "--skip", "waits", "--skip", "meets_a_chain_once"];

/// The command, whose files may not grow beyond this size: what a write then gets is what a full disk gives, but in another word.
fn limited(place: &Place, kibibytes: u32) -> Command {
    let command = place.command(&WORDS);
    let mut shell = Command::new("sh");
    // Without the signal, which would end it.
    shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {kibibytes}; exec \"$@\""), "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    shell.current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

#[test]
fn a_full_disk_is_told_and_damages_nothing() {
    let expected = Place::new("disk").sweep(&WORDS).found;
    let mut told = 0;
    // The preloaded library and the ledger, an outcome's line or more of them, everything.
    for blocks in [1, 64, 220, 4096, 1 << 20] {
        let place = Place::new(&format!("disk-{blocks}"));
        let output = limited(&place, blocks).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        let code = output.status.code();
        if code == Some(1) {
            told += 1;
            assert!(err.contains("error: ") && err.contains(place.target.to_str().unwrap()), "{blocks}: {err}");
            assert!(err.contains("File too large") || err.contains("ulimit -f"), "{blocks}: {err}");
        } else {
            assert_eq!(code, Some(2), "{blocks}: {err}");
        }
        if place.ledger().exists() {
            assert_sound(&place);
        }
        let resumed = place.sweep(&[&WORDS[..], &["--resume"]].concat());
        assert_eq!((place.kept(), resumed.code), (expected.clone(), 2), "{blocks}: {}", resumed.err);
    }
    assert!((2..=4).contains(&told), "{told} of the limits were met");
}
