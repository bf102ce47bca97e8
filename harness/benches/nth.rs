//! A program's sweep against the plain way: a fresh process for every allocation, whose N-th one fails.
//!
//! Both run on all processors. What is compared is what came of the chains: where the failing allocation stood in the
//! program's own code, and how the process ended.
#![expect(unsafe_code, reason = "hands a pipe to a child, and asks how it ended")]

use std::collections::BTreeSet;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

mod built;

use built::{done, library};
use firsthit::program::facts::{Ending, Function, Stage, Standing};
use firsthit::program::followed::{Asked, Followed};

use object::{Object, ObjectSymbol};

/// How the process ended: its status, or minus the signal; an abort is the signal's.
type Found = BTreeSet<(Vec<u64>, i32)>;

/// The rival's descriptor: none that this process has.
const PIPE: i32 = 1000;
const TEST: [&str; 4] = ["--exact", "ten_thousand_allocations", "--nocapture", "--test-threads=1"];

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nth");
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/nth");
    let (subject, rival) = (folder.join("subject"), folder.join("rival.so"));
    let flags = ["--test", "--edition=2024", "-g", "-Cforce-frame-pointers=yes", "-Crelocation-model=static", "-o"];
    done(Command::new("rustc").args(flags).arg(&subject).arg(source.join("subject.rs")));
    done(
        Command::new("cc").args(["-O2", "-shared", "-fPIC", "-o"]).arg(&rival).arg(source.join("rival.c")).arg("-ldl"),
    );
    let library = library(&folder);
    let workers = std::thread::available_parallelism().map_or(2, usize::from);

    let begun = Instant::now();
    let (ours, chains, allocations) = swept(&subject, &library, workers);
    let our_time = begun.elapsed();
    println!("swept: {chains} chains of {allocations} allocations in {our_time:.2?}, on {workers} processors");

    let begun = Instant::now();
    let theirs = every_nth(&subject, &rival, workers);
    let their_time = begun.elapsed();
    println!("every N-th: {} different ends in {their_time:.2?}", theirs.len());
    println!("ratio {:.1}", their_time.as_secs_f64() / our_time.as_secs_f64());
    // Theirs go out to the program's first instructions, ours to the call of its `main`.
    let outermost = theirs
        .iter()
        .filter_map(|(frames, _)| frames.last())
        .max_by_key(|last| theirs.iter().filter(|(frames, _)| frames.last() == Some(last)).count());
    let outermost = outermost.copied();
    let inside = |frames: &[u64]| match frames.split_last() {
        Some((last, inside)) if Some(*last) == outermost => inside.to_vec(),
        _ => frames.to_vec(),
    };
    let theirs: Found = theirs.iter().map(|(frames, ended)| (inside(frames), *ended)).collect();
    // Whether the test runner waits for its thread or finds it ready, and so which of its own chains it makes, is chance.
    let code = of_the_test(&subject);
    let in_test = |found: Found| -> Found {
        let is = |frames: &[u64]| frames.iter().any(|frame| code.iter().any(|range| range.contains(frame)));
        found.into_iter().filter(|(frames, _)| is(frames)).collect()
    };
    let (ours, theirs) = (in_test(ours), in_test(theirs));
    let (missed, invented): (Vec<_>, Vec<_>) = (theirs.difference(&ours).collect(), ours.difference(&theirs).collect());
    println!("{} in both, missed {}, invented {}", ours.intersection(&theirs).count(), missed.len(), invented.len());
    missed
        .iter()
        .map(|one| ("missed", one))
        .chain(invented.iter().map(|one| ("invented", one)))
        .take(6)
        .for_each(|one| println!("{one:x?}"));
}

/// The subject's functions, as its symbols have them.
const OWN: [&str; 5] = ["7subject3sum", "7subject3row", "7subject6cached", "7subject5names", "7subject7certain"];

/// Where they lie.
fn of_the_test(subject: &Path) -> Vec<std::ops::Range<u64>> {
    let file = std::fs::read(subject).expect("it was built");
    let object = object::File::parse(&*file).expect("it is a program");
    let own =
        object.symbols().filter(|symbol| symbol.name().is_ok_and(|name| OWN.iter().any(|own| name.contains(own))));
    own.map(|symbol| symbol.address()..symbol.address() + symbol.size()).collect()
}

/// The addresses of a chain that lie in the program itself, which is not moved: innermost first, recursion collapsed.
fn own(frames: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut own: Vec<u64> = frames.filter(|frame| *frame < 1 << 32).collect();
    own.dedup();
    own
}

fn swept(subject: &Path, library: &Path, workers: usize) -> (Found, usize, u64) {
    let asked = Asked { limit: None, workers, frame_pointers: true, chains_max: 1 << 14 };
    let mut followed = Followed::begin(&asked).expect("there is memory");
    let (variable, orders) = followed.variable();
    let mut command = Command::new(subject);
    command.args(TEST).env(variable, orders).env("LD_PRELOAD", library).env("RUST_BACKTRACE", "0");
    let mut program = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the subject starts");
    let mut planned = 0;
    while followed.stage() < Stage::Finished {
        followed.wait(Duration::from_millis(20));
        if followed.stage() < Stage::Exploring {
            continue;
        }
        let all = followed.chains();
        (planned..all).for_each(|number| followed.plan(number));
        planned = all;
        followed.ring();
        let over = |number| matches!(followed.standing(number), Standing::Done | Standing::LeftOut);
        if (0..all).all(over) {
            followed.close();
        }
        assert!(program.try_wait().is_ok_and(|ended| ended.is_none()) || followed.stage() == Stage::Finished);
    }
    program.wait().expect("the subject ends");
    let modules = followed.modules();
    let program = modules.iter().position(|module| module.path.ends_with("subject"));
    let mut found = Found::new();
    let mut chains = 0;
    for number in 0..followed.chains() {
        let (Some(chain), Some(evidence)) = (followed.chain(number), followed.evidence(number)) else { continue };
        if chain.function == Function::Spawn {
            continue;
        }
        chains += 1;
        let ended = match evidence.ending {
            Ending::Exited(status) | Ending::Left(status) => status,
            Ending::Aborted => -6,
            Ending::Killed(signal) => -signal,
            _ => continue,
        };
        let frames = chain.frames.iter().filter(|address| address.module == program);
        found.insert((own(frames.map(|address| address.offset)), ended));
    }
    (found, chains, followed.baseline().allocations)
}

fn every_nth(subject: &Path, rival: &Path, workers: usize) -> Found {
    let (next, found) = (AtomicU64::new(1), Mutex::new(Found::new()));
    let over = AtomicU64::new(u64::MAX);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Relaxed);
                    if n > over.load(Relaxed) {
                        return;
                    }
                    match nth(subject, rival, n) {
                        Some((frames, ended)) => drop(found.lock().expect("no panic").insert((frames, ended))),
                        // Fewer were made than that.
                        None => drop(over.fetch_min(n, Relaxed)),
                    }
                }
            });
        }
    });
    found.into_inner().expect("no panic")
}

/// Fails the `n`-th allocation: where it stood, and how the process ended; `None` if there were fewer.
fn nth(subject: &Path, rival: &Path, n: u64) -> Option<(Vec<u64>, i32)> {
    let mut ends = [0; 2];
    // SAFETY: makes two descriptors in an array of two.
    assert_eq!(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) }, 0);
    let [from, to] = ends;
    let mut command = Command::new(subject);
    command.args(TEST).env("LD_PRELOAD", rival).env("RIVAL_N", n.to_string()).env("RIVAL_FD", PIPE.to_string());
    command.env("RUST_BACKTRACE", "0").stdout(Stdio::null()).stderr(Stdio::null());
    // SAFETY: between fork and exec nothing is done but to copy a descriptor.
    unsafe {
        command.pre_exec(move || if libc::dup2(to, PIPE) < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) })
    };
    let status: ExitStatus = command.status().expect("the subject starts");
    let mut frames = [0_u64; 64];
    // SAFETY: closes and reads descriptors of this function's own, into an array of this size.
    let read = unsafe {
        libc::close(to);
        let read = libc::read(from, frames.as_mut_ptr().cast(), size_of_val(&frames));
        libc::close(from);
        read
    };
    let count = usize::try_from(read).unwrap_or(0) / size_of::<u64>();
    let ended = status.code().unwrap_or_else(|| -status.signal().unwrap_or(0));
    (count > 0).then(|| (own(frames[..count].iter().copied()), ended))
}
