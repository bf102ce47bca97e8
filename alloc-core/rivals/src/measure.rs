//! A round of chunks: every case takes its turn, and each time another one begins.

use crate::case::{Case, Chunk};
use crate::peer::Peer;
use crate::samples::Samples;

/// How long a chunk shall take, in nanoseconds: short enough to lie between two preemptions.
const CHUNK_NS: f64 = 350_000.0;
/// How often a disturbed chunk is repeated at once.
const TRIES: usize = 8;

/// How a case is run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threads {
    /// On this thread.
    One,
    /// On this thread and the peer at the same time.
    Two,
}

fn run(case: &dyn Case, peer: &Peer, threads: Threads, count: u64) -> Vec<Chunk> {
    match threads {
        Threads::One => vec![case.alone(count)],
        Threads::Two => case.both(peer, count).to_vec(),
    }
}

/// How many pairs fill a chunk: found by doubling, from the shortest of some tries at each number.
fn calibrated(case: &dyn Case, peer: &Peer, threads: Threads) -> u64 {
    let mut count = 16;
    loop {
        let tries = (0..TRIES).map(|_| run(case, peer, threads, count)[0]);
        let best = tries.map(|(time, _)| time).fold(f64::INFINITY, f64::min);
        if best * count as f64 > CHUNK_NS / 4.0 || count >= 1 << 20 {
            return ((CHUNK_NS / best) as u64).max(1);
        }
        count *= 2;
    }
}

/// Measures all cases, interleaved: in each round each of them runs one chunk, and rounds begin with different ones.
pub(crate) fn measure(cases: &[&dyn Case], peer: &Peer, threads: Threads, rounds: usize) -> Vec<Samples> {
    let counts: Vec<u64> = cases.iter().map(|case| calibrated(*case, peer, threads)).collect();
    let mut samples = vec![Samples::default(); cases.len()];
    for round in 0..rounds {
        for turn in 0..cases.len() {
            let at = (round + turn) % cases.len();
            // The others' chunks have emptied its caches.
            run(cases[at], peer, threads, counts[at].div_ceil(16));
            for _ in 0..TRIES {
                let chunks = run(cases[at], peer, threads, counts[at]);
                // What disturbed one thread was felt by the other.
                let disturbed = chunks.iter().any(|(_, disturbed)| *disturbed);
                chunks.iter().for_each(|(time, _)| samples[at].note(*time, disturbed));
                if !disturbed {
                    break;
                }
            }
        }
    }
    samples
}
