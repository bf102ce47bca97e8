//! `kill -9` of the command or of any process below it, at any moment: nothing is damaged, nothing is left running, and `--resume`
//! comes to what an undisturbed sweep comes to.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::processes::{Marked, one_of, send};
use crate::swept::{Found, Key, Place, assert_sound, kept_tests};

/// How many sweeps are killed, if the environment does not say otherwise.
const KILLS: usize = 8;
const KILLS_VARIABLE: &str = "FIRSTHIT_TEST_KILLS";

/// What is swept: enough of it to be killed in its midst, nothing that waits, and nothing that has children of its own, for a test
/// fails by itself if they are killed.
const WORDS: [&str; 16] = [
    "-p",
    "seeded",
    "--timeout",
    "5",
    "--skip",
    "waits",
    "--skip",
    "prints_a_lot",
    "--skip",
    "meets_a_chain_once",
    "--skip",
    "starts_programs",
    "--skip",
    "forks",
    "-q",
    "--test=it",
];

#[test]
fn a_sweep_that_is_killed_anywhere_goes_on_to_the_same_end() {
    let kills = std::env::var(KILLS_VARIABLE).ok().map_or(KILLS, |word| word.parse().unwrap());
    let place = Place::new("killed");
    let begun = Instant::now();
    let undisturbed = place.sweep(&WORDS);
    let (lasts, expected) = (begun.elapsed(), undisturbed.found);
    assert!(undisturbed.code == 2 && expected.len() > 150, "{}", undisturbed.err);
    let tests = kept_tests(&place.target);
    assert!(tests.len() > 15, "{tests:?}");
    let (mut late, mut own) = (0, 0);
    for round in 0..kills {
        let mut random = random();
        let place = Place::new(&format!("killed-{}", round % 2));
        let mut command = place.command(&WORDS);
        let mut sweep = Marked::spawn(command.stdout(Stdio::null()).stderr(Stdio::null()), &format!("killed-{round}"));
        std::thread::sleep(lasts.mul_f64((random() % 1000) as f64 / 1000.0));
        let victim = one_of(sweep.child.id(), &mut random);
        let ended = sweep.child.try_wait().unwrap().is_some();
        let struck = !ended && send("-KILL", victim);
        let of_the_command = victim == sweep.child.id();
        late += usize::from(!struck);
        own += usize::from(struck && of_the_command);
        let status = sweep.child.wait().unwrap();
        sweep.assert_gone();
        if struck && !of_the_command && status.code() == Some(2) {
            // One of many processes: the sweep bears it.
            assert_eq!(differences(&place.kept(), &expected), [""; 0], "round {round}, a child was killed");
        }
        if place.ledger().exists() {
            assert_sound(&place);
        }
        let resumed = place.sweep(&[&WORDS[..], &["--resume"]].concat());
        let told = format!(
            "round {round}, killed {} with {status}: {}",
            if of_the_command { "itself" } else { "a child" },
            resumed.err
        );
        assert_eq!(differences(&place.kept(), &expected), [""; 0], "{told}");
        assert_eq!(kept_tests(&place.target), tests, "{told}");
        assert_eq!(resumed.code, 2, "{told}");
        assert_sound(&place);
    }
    println!(
        "{kills} sweeps: the command killed in {own}, a process below it in {}, over before in {late}",
        kills - own - late
    );
}

/// What one has and the other has not, or has otherwise.
fn differences(one: &BTreeMap<Key, Found>, other: &BTreeMap<Key, Found>) -> Vec<String> {
    let lacks = |one: &BTreeMap<Key, Found>, other: &BTreeMap<Key, Found>| -> Vec<String> {
        one.iter().filter(|(key, found)| other.get(*key) != Some(*found)).map(|pair| format!("{pair:?}")).collect()
    };
    [lacks(one, other), lacks(other, one)].concat()
}

/// Numbers of no order, other ones each time.
fn random() -> impl FnMut() -> usize {
    let (state, mut count) = (RandomState::new(), 0_u32);
    move || {
        count += 1;
        state.hash_one(count) as usize >> 8
    }
}

/// While a sweep records what happens without a failure, and while it fails chains.
#[test]
fn nothing_outlives_the_command() {
    for (words, begins) in [(["waits", "--timeout", "30"], 500), (["endless", "--timeout", "30"], 500)] {
        let place = Place::new("orphans");
        let mut command = place.command(&["-p", "seeded", "-q", "--test", "it", "--include-ignored", "--exact"]);
        command.args(words).stdout(Stdio::null()).stderr(Stdio::null());
        let mut sweep = Marked::spawn(&mut command, words[0]);
        let begun = Instant::now();
        // The command, the program's director, and a run.
        let plan = place.target.join("firsthit/run/plan.json");
        while (!plan.exists() || sweep.all().len() < 3) && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(begins));
        assert!(sweep.all().len() >= 3, "{words:?}: it is over too early");
        sweep.child.kill().unwrap();
        sweep.child.wait().unwrap();
        sweep.assert_gone();
    }
}
