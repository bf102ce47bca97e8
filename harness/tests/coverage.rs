//! A crate that is built with `-C instrument-coverage`: what ran in children only stands in its profile.
#![cfg(target_os = "linux")]

mod built_crate;

use built_crate::{BuiltCrate, printed};

const SOURCE: &str = r#"
#[global_allocator]
static ALLOC: firsthit::Alloc = firsthit::Alloc::system();

unsafe extern "C" {
    #[link_name = "__start___llvm_prf_cnts"]
    static mut START: u64;
    #[link_name = "__stop___llvm_prf_cnts"]
    static mut STOP: u64;
}

fn counters() -> Vec<u64> {
    let (start, stop) = (&raw const START, &raw const STOP);
    let count = (stop.addr() - start.addr()) / 8;
    (0..count).map(|place| unsafe { start.add(place).read_volatile() }).collect()
}

/// A hundred counters' worth of code that only a failure reaches.
#[inline(never)]
fn recover(seed: usize) -> usize {
    let mut sum = std::hint::black_box(seed);
    for step in 0..777_777 {
        sum = std::hint::black_box(sum ^ step);
    }
    sum
}

#[test]
fn swept() {
    let before = counters();
    let report = firsthit::Sweep::new().workers(2).run(|| {
        let mut block: Vec<u8> = Vec::new();
        block.try_reserve_exact(std::hint::black_box(9)).map_err(|_| recover(block.len()))
    });
    assert_eq!(report.verdicts(), [firsthit::Verdict::Recovered], "{report}");
    let once = |counters: &[u64]| counters.iter().filter(|count| (777_777..=777_778).contains(*count)).count();
    assert_eq!(once(&before), 0);
    assert!(once(&counters()) > 0, "no counter of the loop that only a child ran");
}
"#;

#[test]
#[ignore = "builds a crate and what it depends on with other flags: half a minute"]
fn an_instrumented_crate_counts_what_its_children_ran() {
    let krate = BuiltCrate::new("measured", "", &[("src/lib.rs", SOURCE)]);
    let folder = &krate.0;
    for profile in std::fs::read_dir(folder).unwrap().flatten() {
        if profile.path().extension().is_some_and(|extension| extension == "profraw") {
            std::fs::remove_file(profile.path()).unwrap();
        }
    }
    let mut test = krate.cargo(&["test", "--lib"]);
    test.env("RUSTFLAGS", "-Cinstrument-coverage").env("LLVM_PROFILE_FILE", folder.join("measured-%p.profraw"));
    printed(&mut test);
    // One file, of the test's own process: children leave none. Its counters stand in it as the words they are.
    let written = [777_777_u64, 777_778].map(u64::to_ne_bytes);
    let profiles: Vec<Vec<u8>> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "profraw"))
        .map(|file| std::fs::read(file.path()).unwrap())
        .collect();
    let with_the_loop = profiles
        .iter()
        .filter(|profile| profile.chunks_exact(8).any(|word| written.iter().any(|count| word == count)))
        .count();
    assert_eq!(with_the_loop, 1, "of {} profiles", profiles.len());
}
