//! Any sequence of calls, sensible or not, neither panics nor hangs nor loses a page.

mod sequence;
mod support;

use sequence::Sequence;
use std::path::Path;
use support::random::Random;

/// Bytes that look random.
fn bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut random = Random(seed);
    (0..len).map(|_| random.byte()).collect()
}

#[test]
fn any_sequence_of_calls_keeps_the_machine_whole() {
    for seed in 0..if cfg!(debug_assertions) { 40 } else { 3_000 } {
        println!("seed {seed}");
        Sequence::of(&bytes(seed, 3_000)).expect("any bytes are a sequence").run();
    }
}

#[test]
fn the_sequences_that_a_fuzzer_chose_keep_the_machine_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/machine");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        Sequence::of(&std::fs::read(&path).unwrap()).expect("any bytes are a sequence").run();
        seen += 1;
    }
    assert!(seen > 0, "there are seeds");
}
