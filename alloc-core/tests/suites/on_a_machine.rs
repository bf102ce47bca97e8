//! The crate that puts a program on a machine: linked into the suites of others, it is their allocator, and tells at the end of the
//! process what an audit of the machine found.
//!
//! By variables of the environment: how many pages are free when the test begins, whether objects have guards, which request fails,
//! and where the report goes.

use std::env::var;
use std::sync::{Arc, Once, OnceLock};

use alloc_core::{EventKind, FaultSource, GlobalMachine, Machine, NodeId, NodePages, Nth, Policy, Site, SlabDebug};

#[global_allocator]
static MEMORY: GlobalMachine = GlobalMachine::new(|| {
    let number = |name: &str| var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let debug = if number("SUITE_GUARDS").is_some() { SlabDebug::ALL } else { SlabDebug::NONE };
    let builder = Machine::builder().node(NodePages::new(16_384)).slab_debug(debug);
    let machine = builder.policy(Policy::small_may_fail()).build()?;
    let requests = REQUESTS.get_or_init(|| {
        let fails = Nth::new(number("SUITE_FAILS").unwrap_or(0));
        Arc::new(OfTests { fails, leaves: number("SUITE_LEAVES"), begun: Once::new() })
    });
    machine.set_faults(Some(requests.clone()));
    // SAFETY: both functions are there for ever, and do nothing that is not allowed where they run: the process ends by itself,
    // or by a call of `abort`, by a thread that has no lock of the machine.
    unsafe {
        libc::atexit(at_exit);
        libc::signal(libc::SIGABRT, at_abort as extern "C" fn(i32) as usize);
    }
    Ok(machine)
});

static REQUESTS: OnceLock<Arc<OfTests>> = OnceLock::new();

/// Fails a request of those that are not made by the program's first thread, which is the test harness's, or takes all memory but
/// a little when the first of them is made.
struct OfTests {
    fails: Nth,
    leaves: Option<u64>,
    begun: Once,
}

impl FaultSource for OfTests {
    fn fails(&self, site: &Site<'_>) -> bool {
        // SAFETY: questions without arguments.
        if unsafe { libc::gettid() == libc::getpid() } {
            return false;
        }
        if let Some(leaves) = self.leaves {
            // For ever.
            self.begun.call_once(|| std::mem::forget(MEMORY.machine().exhaust(NodeId(0), leaves)));
        }
        self.fails.fails(site)
    }
}

extern "C" fn at_exit() {
    GlobalMachine::aside(report_still);
}

extern "C" fn at_abort(_: i32) {
    GlobalMachine::aside(report_still);
}

/// Reports in a process that is forked for it: there the machine is still, whatever other threads do.
fn report_still() {
    // SAFETY: the child asks the machine, whose locks nobody has there, and writes a file; this process waits for it.
    unsafe {
        match libc::fork() {
            0 => {
                report();
                libc::_exit(0)
            }
            child => libc::waitpid(child, std::ptr::null_mut(), 0),
        };
    }
}

fn report() {
    let (Ok(file), machine) = (var("SUITE_REPORT"), MEMORY.machine()) else { return };
    let requests = REQUESTS.get().map_or(0, |requests| requests.fails.asked());
    let events = machine.events_since(0);
    let broken = events.iter().find(|event| matches!(event.kind, EventKind::ObjectBroken { .. }));
    let found = match (machine.audit(), machine.stats().bad_frees, broken) {
        (Err(error), ..) => error.to_string(),
        (_, 1.., _) => "frees were refused".to_owned(),
        (_, _, Some(broken)) => format!("{broken:?}"),
        _ => "whole".to_owned(),
    };
    let _ = std::fs::write(file, format!("{requests} {found}"));
}
