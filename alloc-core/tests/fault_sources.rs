//! Fault sources: by call chain, by number, several together, and what is told of their failures.

mod support;

use alloc_core::{
    AnyOf, Attributes, Capability, ChainKey, Chains, FaultReport, FirstHit, Gfp, Knob, Knobs, Machine, Nth, Order,
    Policy, Replay, StackFilter,
};
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use support::{machine, order};

std::thread_local! {
    /// The "stack": what a walker would find.
    static STACK: Cell<[usize; 2]> = const { Cell::new([0, 0]) };
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn capture(frames: &mut [usize]) -> usize {
    let stack = STACK.get();
    let found = stack.len().min(frames.len());
    frames[..found].copy_from_slice(&stack[..found]);
    found
}

/// Asks from a place, and says whether it was served.
fn ask(machine: &Machine, stack: [usize; 2], flags: Gfp) -> bool {
    STACK.set(stack);
    machine.alloc_pages(Order::ZERO, flags).is_ok()
}

#[test]
fn row_011_each_call_chain_fails_once_and_can_be_failed_again() {
    let machine = machine(Policy::kernel());
    let first = Arc::new(FirstHit::new(ChainKey::new(16, capture)));
    machine.set_faults(Some(first.clone()));
    let chains = [[1, 2], [1, 3], [2, 1]];
    let round = |flags| chains.map(|stack| ask(&machine, stack, flags));
    assert_eq!(round(Gfp::KERNEL | Gfp::NOFAIL), [true; 3], "NOFAIL is not failed, and not met");
    assert_eq!([round(Gfp::KERNEL), round(Gfp::NOFS)], [[false; 3], [true; 3]]);
    assert_eq!((first.failed(), machine.stats().injected), (3, 3));
    // What failed is written down, and fails in another run.
    let text = first.to_string();
    assert_eq!(text.lines().count(), 3);
    let two: Chains = text.lines().take(2).collect::<Vec<_>>().join("\n").parse().unwrap();
    let replay = Arc::new(Replay::new(ChainKey::new(16, capture), two));
    machine.set_faults(Some(replay.clone()));
    assert_eq!(round(Gfp::KERNEL).iter().filter(|served| !**served).count(), 2);
    assert_eq!((round(Gfp::KERNEL), replay.left()), ([true; 3], 0));
    assert!("12\nno number".parse::<Chains>().is_err());
}

#[test]
fn row_011_a_chain_is_as_long_as_the_depth_and_may_know_the_request() {
    let machine = machine(Policy::kernel());
    let fails = |key: ChainKey| {
        machine.set_faults(Some(Arc::new(FirstHit::new(key))));
        let asked = [([1, 2], Gfp::KERNEL), ([1, 3], Gfp::KERNEL), ([1, 2], Gfp::NOFS)];
        asked.map(|(stack, flags)| !ask(&machine, stack, flags))
    };
    assert_eq!(fails(ChainKey::new(usize::MAX, capture)), [true, true, false]);
    assert_eq!(fails(ChainKey::new(1, capture)), [true, false, false], "the innermost address alone");
    assert_eq!(fails(ChainKey { by_request: true, ..ChainKey::new(1, capture) }), [true, false, true]);
}

#[test]
fn row_011_a_request_fails_by_its_number_and_all_sources_together_count_each() {
    let machine = machine(Policy::kernel());
    let count = Arc::new(Nth::new(u64::MAX));
    let workload = || {
        let pages: Vec<_> = (0..5).map(|_| machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok()).collect();
        pages.iter().filter(|served| !**served).count() + usize::from(machine.kmalloc(1, Gfp::KERNEL).is_err())
    };
    // From now on the class of kmalloc has an object.
    workload();
    machine.set_faults(Some(count.clone()));
    workload();
    let requests = count.asked();
    assert_eq!(requests, 6);
    let failing = (1..=requests + 3).filter(|number| {
        let source = Arc::new(Nth::new(*number));
        machine.set_faults(Some(source.clone()));
        let failed = workload();
        assert!(failed <= 1 && source.asked() <= requests);
        failed == 1
    });
    assert_eq!(failing.count() as u64, requests, "as many runs fail as there are requests");
    let (second, third) = (Arc::new(Nth::new(2)), Arc::new(Nth::new(3)));
    machine.set_faults(Some(Arc::new(AnyOf::new(vec![second.clone(), third.clone()]))));
    let served: Vec<_> = (0..4).map(|_| ask(&machine, [0, 0], Gfp::KERNEL)).collect();
    assert_eq!((served, second.asked(), third.asked()), (vec![true, false, false, true], 4, 4));
    machine.set_faults(Some(Arc::new(AnyOf::new(Vec::new()))));
    assert!(ask(&machine, [0, 0], Gfp::KERNEL));
}

#[test]
fn row_011_failures_can_be_kept_to_a_named_site_and_what_is_called_from_there() {
    let machine = machine(Policy::kernel());
    let mut attributes = Attributes::unfiltered(100);
    (attributes.site, attributes.times) = (Some("journal"), Knob::new(Some(2)));
    assert!(attributes.to_string().contains("site journal\n"));
    machine.set_faults(Some(Arc::new(attributes)));
    let served = || ask(&machine, [0, 0], Gfp::KERNEL);
    let _write = machine.site("write");
    assert!(served());
    {
        let _journal = machine.site("journal");
        assert!(!served());
        let _block = machine.site("block");
        assert!(!served(), "from there");
        assert!(served(), "twice was all");
    }
    // Sites tell chains apart without a stack, and are found again in another run.
    let first = Arc::new(FirstHit::new(ChainKey::by_sites()));
    machine.set_faults(Some(first.clone()));
    let names = [["a", "bc"], ["ca", "b"], ["a", "bc"], ["a", "b"]];
    let in_sites = |names: [&'static str; 2]| {
        let _sites = names.map(|name| machine.site(name));
        served()
    };
    assert_eq!(names.map(in_sites), [false, false, true, false]);
    let replay = Replay::new(ChainKey::by_sites(), first.to_string().parse().unwrap());
    machine.set_faults(Some(Arc::new(replay)));
    assert_eq!(names.map(in_sites), [false, false, true, false]);
}

fn told(report: &FaultReport<'_>) {
    TOLD.with_borrow_mut(|told| told.push(report.to_string()));
}

#[test]
fn row_011_what_fails_is_reported_as_verbosely_as_is_asked_for_unless_it_is_to_be_silent() {
    let reports = |verbose, flags| {
        let machine = machine(Policy::kernel());
        let stack = StackFilter { require: 0..usize::MAX, reject: 0..0, depth: 1, capture };
        let mut attributes = Attributes::unfiltered(100);
        attributes.report = Some(told);
        attributes.verbose = verbose;
        (attributes.stack, attributes.times) = (Some(stack), Knob::new(Some(3)));
        machine.set_faults(Some(Arc::new(Knobs::default().with(Capability::PageAlloc, attributes))));
        STACK.set([0x10, 0x20]);
        assert!(machine.alloc_pages(order(1), flags).is_err());
        TOLD.take()
    };
    let line = "fail_page_alloc: alloc_pages of 8192 bytes (order 1) with GFP_KERNEL, for task 0, fails; \
        interval 1, probability 100, space 0, times 2";
    assert_eq!(reports(0, Gfp::KERNEL), [""; 0]);
    assert_eq!(reports(1, Gfp::KERNEL), [line]);
    assert_eq!(reports(2, Gfp::KERNEL), [format!("{line}\n  0x10")]);
    assert_eq!(reports(2, Gfp::KERNEL | Gfp::NOWARN), [""; 0], "NOWARN silences injected failures, too");
    // The call that is failed by its number is reported as well.
    let machine = machine(Policy::kernel());
    let mut attributes = Attributes::unfiltered(0);
    attributes.report = Some(told);
    machine.set_faults(Some(Arc::new(attributes)));
    machine.task_faults(Machine::BOOT).unwrap().fail_nth.set(2);
    assert!(ask(&machine, [0, 0], Gfp::KERNEL) && !ask(&machine, [0, 0], Gfp::KERNEL));
    assert_eq!(TOLD.take().len(), 1);
}
