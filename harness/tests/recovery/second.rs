//! Depth 2 tells of each recovery arm how many of the chains behind it failed, too.

use firsthit::{Sweep, Verdict};

use crate::subjects::{NoMemory, room};

/// Makes do with less: what it asks for behind the failure, it asks for because of that.
fn makes_do() -> Result<usize, NoMemory> {
    firsthit::__function!(HERE, "makes_do", 1, [
        MatchArm "Err(_)" 0, 30, 1;
    ]);
    match room(81) {
        Ok(block) => Ok(block.capacity().min(1)),
        Err(_) => {
            HERE.ran(0);
            let less = room(41).map_or(0, |block| block.capacity());
            let least = room(21).map_or(0, |block| block.capacity());
            Ok((less + least).clamp(1, 1))
        }
    }
}

#[test]
fn the_chains_behind_an_arm_are_counted_and_those_that_are_left() {
    let sweep = |most: usize| Sweep::new().depth(2).pairs_max(most).run(makes_do);
    let (whole, limited) = (sweep(9), sweep(1));
    assert_eq!(whole.verdicts(), [Verdict::Absorbed; 3], "{whole}");
    let behind = "behind the arm `match arm` at harness/tests/recovery/second.rs:30:1";
    let told = format!("note: depth 2: {behind}: 2 of 2 chains that are met behind a failure failed there, too");
    assert!(whole.to_string().contains(&told), "{whole}");
    let told =
        format!("note: depth 2: {behind}: 1 of 2 chains that are met behind a failure failed there, too, 1 left");
    assert!(limited.to_string().contains(&told), "{limited}");
}
