//! However injections are isolated, the same is known afterwards, and what a process counted outlives it.

use std::hint::black_box;
use std::time::Duration;

use firsthit::{Explorer, Sweep};

use crate::left::{Folder, left};
use crate::subjects::{NoMemory, aborting, as_often, hanging, killed, leaking, more_often, ordinary, sound, tested};

fn body() -> Result<usize, NoMemory> {
    let mut sum = usize::from(ordinary(&[]));
    for round in 0..black_box(3) {
        sum += tested(round + 1)? + sound("4")?;
    }
    Ok(sum + leaking()? + more_often()? + as_often()?)
}

#[test]
#[ignore = "run by `every_explorer_counts_the_same`"]
fn swept() {
    let report = Sweep::new().name("explorers::swept").run(body);
    assert_eq!(report.verdicts().len(), 5, "{report}");
}

#[test]
fn every_explorer_counts_the_same() {
    for explorer in [Explorer::Worker, Explorer::Snapshot, Explorer::Process, Explorer::Inline] {
        let folder = Folder::new();
        crate::again::passes(folder.command("explorers::swept").env("FIRSTHIT_EXPLORER", explorer.as_str()));
        let known = folder.read();
        let expected = [
            ("tested: room(count)", left("reached", 3, 1, "recovered:1")),
            ("tested: room(count)?", left("reached,ran", 3, 0, "recovered:1")),
            ("sound: text.parse()", left("reached", 3, 0, "-")),
            ("sound: text.parse()?", left("reached", 3, 0, "-")),
            ("leaking: Err(error)", left("reached,ran", 0, 0, "leaked:1")),
            ("ordinary: first.is_none()", left("reached,ran", 1, 0, "-")),
            ("more_often: room(8)?", left("reached,ran", 1, 0, "recovered:1")),
            ("more_often: result.is_err()", left("reached,ran", 2, 0, "recovered:1")),
            ("as_often: result.is_err()", left("reached,ran", 2, 0, "absorbed:1")),
            ("forgotten: room(4)?", left("-", 0, 0, "-")),
        ];
        for (name, expected) in expected {
            assert_eq!(known[name], expected, "{name} by {explorer}");
        }
    }
}

#[test]
#[ignore = "run by `a_run_that_was_split_counts_from_its_beginning`"]
fn split() {
    let report = Sweep::new().name("explorers::split").explorer(Explorer::Snapshot).run(more_often);
    assert_eq!(report.verdicts().len(), 1, "{report}");
}

#[test]
fn a_run_that_was_split_counts_from_its_beginning() {
    let known = Folder::new().run("explorers::split");
    assert_eq!(known["more_often: result.is_err()"], left("reached,ran", 2, 0, "recovered:1"));
}

#[test]
#[ignore = "run by `an_arm_of_a_process_that_died_has_run`"]
fn deadly() {
    let report = Sweep::new()
        .name("explorers::deadly")
        .time_limit(Duration::from_millis(400))
        .run(|| Ok::<_, NoMemory>(aborting() + hanging() + killed()));
    assert_eq!(report.verdicts().len(), 3, "{report}");
}

#[test]
fn an_arm_of_a_process_that_died_has_run() {
    for explorer in [Explorer::Worker, Explorer::Snapshot, Explorer::Process] {
        let folder = Folder::new();
        crate::again::passes(folder.command("explorers::deadly").env("FIRSTHIT_EXPLORER", explorer.as_str()));
        let known = folder.read();
        assert_eq!(known["aborting: room(6)"], left("reached,ran", 0, 0, "crashed:1"), "{explorer}");
        assert_eq!(known["killed: room(10)"], left("reached,ran", 0, 0, "crashed:1"), "{explorer}");
        assert_eq!(known["hanging: room(7)"], left("reached,ran", 0, 0, "hung:1"), "{explorer}");
    }
}

#[test]
#[ignore = "run by `all_threads_of_a_sweep_count`"]
fn on_threads() {
    let report = Sweep::new().name("explorers::on_threads").run(|| {
        // A count that the compiler knows would be unrolled, into a chain for each round.
        let work = || (0..black_box(25)).map(|_| tested(5)).sum::<Result<usize, NoMemory>>();
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(work)).collect();
        let results = threads.into_iter().map(|thread| thread.join().unwrap());
        results.sum::<Result<usize, NoMemory>>()
    });
    assert!(report.trouble().is_none(), "{report}");
}

#[test]
fn all_threads_of_a_sweep_count() {
    let known = Folder::new().run("explorers::on_threads");
    let site = &known["tested: room(count)"];
    assert_eq!((site.hits, site.chains, site.verdicts.as_str()), (100, 1, "recovered:1"));
    assert_eq!(known["tested: room(count)?"].verdicts, "recovered:1");
}
