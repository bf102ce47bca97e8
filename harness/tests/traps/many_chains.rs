//! Several workers and hundreds of chains: each is failed and judged once, whoever comes first.

use firsthit::{Explorer, Sweep};

use crate::{again, forest};

fn repeated() {
    for workers in [1, 3, 8] {
        let report = Sweep::new().name("many_chains::in_a_fresh_base").workers(workers).run(forest::walk);
        forest::check(&report);
    }
}

#[test]
fn in_a_fresh_base() {
    repeated();
}

#[test]
fn in_a_forked_base() {
    again::alone("many_chains::alone");
}

#[test]
#[ignore = "run by `in_a_forked_base`"]
fn alone() {
    repeated();
}

/// The paths end the process or panic: only those of a body that does neither can be explored inline.
#[test]
fn a_process_for_each() {
    let report = Sweep::new().explorer(Explorer::Process).workers(4).run(forest::walk);
    forest::check(&report);
}
