//! Any sequence of calls, sensible or not, neither panics nor hangs nor loses a page.

mod sequence;

use sequence::Sequence;
use std::path::Path;

/// Bytes that look random.
fn bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed;
    let byte = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..len).map(byte).collect()
}

#[test]
fn any_sequence_of_calls_keeps_the_machine_whole() {
    for seed in 0..if cfg!(debug_assertions) { 100 } else { 3_000 } {
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
