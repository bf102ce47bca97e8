//! What one failure costs in a program that keeps much memory, beside what the program does anyway: time of processors.
#![expect(unsafe_code, reason = "asks what the children used")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

mod built;

use built::{done, library};
use firsthit::program::facts::{Stage, Standing};
use firsthit::program::followed::{Asked, Followed};

/// How often everything is measured.
const ROUNDS: usize = 7;
/// Plain runs of a round.
const RUNS: u32 = 20;
/// What the subject asks for by each of its own chains, in bytes.
const ASKED: u64 = 64;

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("resident");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let subject = folder.join("subject");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/resident/subject.rs");
    let flags = ["--edition=2024", "-O", "-g", "-Cforce-frame-pointers=yes", "-o"];
    done(Command::new("rustc").args(flags).arg(&subject).arg(source));
    let library = library(&folder);
    for megabytes in [0, 50] {
        let (mut plain, mut beyond) = (Vec::new(), Vec::new());
        let mut count = 0;
        for _ in 0..ROUNDS {
            // All in the same moment of a machine that others use, too.
            let run = used(|| (0..RUNS).for_each(|_| done(&mut command(&subject, megabytes)))) / f64::from(RUNS);
            let recorded = used(|| assert_eq!(swept(&subject, &library, megabytes, false), 0));
            let all = used(|| count = swept(&subject, &library, megabytes, true));
            plain.push(run * 1e3);
            beyond.push(((all - recorded) / f64::from(count) - run) * 1e3);
        }
        plain.sort_unstable_by(f64::total_cmp);
        beyond.sort_unstable_by(f64::total_cmp);
        println!(
            "{megabytes} MB: a plain process takes {:.2} ms; each of {count} failures {:.2} ms more ({:.2} to {:.2})",
            plain[ROUNDS / 2],
            beyond[ROUNDS / 2],
            beyond[0],
            beyond[ROUNDS - 1],
        );
    }
}

/// Seconds that processors spent on processes that began and ended meanwhile.
fn used(work: impl FnOnce()) -> f64 {
    let before = of_children();
    work();
    of_children() - before
}

fn of_children() -> f64 {
    // SAFETY: zeroes are a value of the type, which the call writes.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

fn command(subject: &Path, megabytes: usize) -> Command {
    let mut command = Command::new(subject);
    command.arg(megabytes.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Sweeps the program, with its own chains failed one at a time or none; how many were.
fn swept(subject: &Path, library: &Path, megabytes: usize, fails: bool) -> u32 {
    let asked = Asked { limit: None, workers: 1, frame_pointers: true, chains_max: 1 << 14, depth: 1 };
    let mut followed = Followed::begin(&asked).expect("there is memory");
    let (variable, orders) = followed.variable();
    let mut program = command(subject, megabytes)
        .env(variable, orders)
        .env("LD_PRELOAD", library)
        .spawn()
        .expect("the subject starts");
    while followed.stage() < Stage::Exploring {
        followed.wait(Duration::from_millis(5));
    }
    for number in 0..followed.chains() {
        match followed.chain(number) {
            Some(chain) if fails && chain.size == ASKED => followed.plan(number),
            _ => followed.leave_out(number),
        }
    }
    followed.close();
    while followed.stage() < Stage::Finished {
        followed.wait(Duration::from_millis(5));
    }
    assert!(program.wait().is_ok_and(|status| status.success()), "{:?}", followed.trouble());
    let failed = (0..followed.chains()).filter(|number| followed.standing(*number) == Standing::Done).count();
    failed as u32
}
