//! A value for each processor: reached without a locked instruction by the thread that last claimed it, and by others in turns.

use alloc::boxed::Box;
use core::sync::atomic::Ordering::Relaxed;

#[cfg(all(feature = "std", target_os = "linux"))]
use super::asymmetric::stop_all;
use super::asymmetric::{Asymmetric, Owner, visit_all};
use super::cpus::Cpus;
use super::steps::AtomicU32;
#[cfg(all(feature = "std", target_os = "linux"))]
use super::still::Deadline;

/// How often a thread finds another one's value before it claims it: what changes hands at every call would cost a
/// barrier at every call.
const MISSES_MAX: u32 = if cfg!(alloc_core_shuttle) { 2 } else { 16 };

/// A value for each processor.
///
/// A thread uses the value of the processor that it was last seen on, and becomes its owner; the value stays when the
/// thread moves or ends, and whoever runs there next claims it. Anybody can visit all values, and sees everything.
///
/// A `body` calls nobody's code and uses no other `CpuLocal`: inside of one, a thread finds all others closed.
pub(crate) struct CpuLocal<T> {
    values: Box<[Asymmetric<T>]>,
    /// How often each was missed since it was last claimed: an estimate, that threads may overwrite for each other.
    misses: Box<[AtomicU32]>,
}

impl<T> CpuLocal<T> {
    /// What `make` makes for each processor.
    pub(crate) fn new(cpus: &Cpus, make: impl FnMut(usize) -> T) -> CpuLocal<T> {
        let values = (0..cpus.count()).map(make).map(Asymmetric::new).collect();
        CpuLocal { values, misses: (0..cpus.count()).map(|_| AtomicU32::new(0)).collect() }
    }

    /// This processor's value, for the thread that owns it. Whoever finds it shut tries [`CpuLocal::with`].
    #[inline(always)]
    pub(crate) fn enter(&self, cpus: &Cpus) -> Option<Owner<'_, T>> {
        #[cfg(feature = "std")]
        {
            // Only who can be an owner is one: by another mark nobody enters.
            let (me, cpu) = cpus.here();
            self.values.get(cpu)?.enter(me)
        }
        #[cfg(not(feature = "std"))]
        {
            let _ = cpus;
            None
        }
    }

    /// Uses this processor's value. `None` if that would take longer than doing without: another thread has it.
    pub(crate) fn with<R>(&self, cpus: &Cpus, body: impl FnOnce(&mut T) -> R) -> Option<R> {
        if let Some(mut owner) = self.enter(cpus) {
            return Some(body(&mut owner));
        }
        let me = cpus.me();
        // Whoever is inside of a place must not wait for another, nor for this one.
        if (cpus.have_owners() && me.is_none()) || me.is_some_and(|me| !me.is_nowhere()) {
            return None;
        }
        let cpu = cpus.look(me);
        let value = self.values.get(cpu)?;
        if let Some(mut owner) = me.and_then(|me| value.enter(me)) {
            return Some(body(&mut owner));
        }
        if !value.is_unowned() {
            let misses = self.misses.get(cpu)?;
            let missed = misses.load(Relaxed) + 1;
            misses.store(missed % MISSES_MAX, Relaxed);
            if missed < MISSES_MAX {
                return None;
            }
        }
        value.visit(me, || cpus.barrier(), body)
    }

    /// Before a fork: keeps all other threads out, and waits until none is inside. Nobody owns the values afterwards.
    #[cfg(all(feature = "std", target_os = "linux"))]
    pub(crate) fn stop(&self, cpus: &Cpus, deadline: Deadline) {
        stop_all(&self.values, || cpus.barrier(), deadline);
    }

    /// Behind a fork: ends what [`CpuLocal::stop`] began.
    #[cfg(all(feature = "std", target_os = "linux"))]
    pub(crate) fn go_on(&self) {
        self.values.iter().for_each(Asymmetric::go_on);
    }

    /// Uses all values, one after the other, each with its processor's number. Nobody owns them afterwards. Whether they
    /// could be had: it takes a barrier, which the operating system may refuse.
    ///
    /// Must not be called inside of a `body`.
    pub(crate) fn each(&self, cpus: &Cpus, mut body: impl FnMut(usize, &mut T)) -> bool {
        visit_all(
            &self.values,
            || cpus.barrier(),
            |cpu, value| {
                body(cpu, value);
                None
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::plain::PlainHost;
    use alloc::sync::Arc;

    fn plain(count: usize) -> Cpus {
        Cpus::new(Arc::new(PlainHost::new(1).unwrap()), count, false)
    }

    #[cfg(all(feature = "std", target_os = "linux", not(miri)))]
    fn linux(count: usize, host_says: bool) -> Cpus {
        let cpus = Cpus::new(Arc::new(crate::host::memfd::MemfdHost::new(1).unwrap()), count, host_says);
        assert!(cpus.have_owners(), "this test is about owners, and the system has no barrier");
        cpus
    }

    /// Every processor's value is its own, and a visitor sees them all.
    fn each_has_its_own(cpus: &Cpus) {
        let local = CpuLocal::new(cpus, |cpu| cpu as u64 * 100);
        for turn in 0..30 {
            cpus.set(turn);
            assert_eq!(local.with(cpus, |value| *value += 1), Some(()), "turn {turn}");
        }
        let mut seen = alloc::vec::Vec::new();
        assert!(local.each(cpus, |cpu, value| seen.push((cpu, *value))));
        assert_eq!(seen, [(0, 10), (1, 110), (2, 210)]);
        assert_eq!(local.with(cpus, |value| *value), Some(210), "and goes on after the visit");
    }

    #[test]
    fn a_value_belongs_to_its_processor() {
        each_has_its_own(&plain(3));
        #[cfg(all(feature = "std", target_os = "linux", not(miri)))]
        each_has_its_own(&linux(3, false));
    }

    #[cfg(all(feature = "std", target_os = "linux", not(miri)))]
    #[test]
    fn inside_of_a_value_all_others_are_closed() {
        let cpus = linux(1, false);
        let (one, other) = (CpuLocal::new(&cpus, |_| 1), CpuLocal::new(&cpus, |_| 2));
        one.with(&cpus, |_| ());
        let inner = one.with(&cpus, |_| other.with(&cpus, |value| *value));
        assert_eq!(inner, Some(None));
        assert_eq!(other.with(&cpus, |value| *value), Some(2));
    }

    /// Threads that all say they run on one processor, and a visitor: no addition is lost, whoever the owner is.
    #[cfg(all(feature = "std", target_os = "linux", not(miri)))]
    #[test]
    fn no_addition_is_lost_between_owners_and_visitors() {
        for (count, host_says) in [(1, false), (2, true)] {
            let cpus = linux(count, host_says);
            let local = CpuLocal::new(&cpus, |_| 0_u64);
            let begin = std::sync::Barrier::new(4);
            let done: u64 = std::thread::scope(|scope| {
                let adds = || {
                    begin.wait();
                    (0..100_000_u64).filter(|_| local.with(&cpus, |value| *value += 1).is_some()).count() as u64
                };
                let threads = [scope.spawn(adds), scope.spawn(adds), scope.spawn(adds)];
                begin.wait();
                let mut before = 0;
                while !threads.iter().all(std::thread::ScopedJoinHandle::is_finished) {
                    let mut sum = 0;
                    assert!(local.each(&cpus, |_, value| sum += *value));
                    assert!(sum >= before);
                    before = sum;
                    std::thread::yield_now();
                }
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            let mut sum = 0;
            assert!(local.each(&cpus, |_, value| sum += *value));
            assert_eq!(sum, done);
            assert!(done > 1_000, "{done}: somebody got in");
        }
    }

    /// A host whose barrier can be taken away, and which counts what it was asked for.
    #[cfg(all(feature = "std", target_os = "linux", not(miri)))]
    struct Refusing(crate::host::memfd::MemfdHost, core::sync::atomic::AtomicBool, AtomicU32);

    #[cfg(all(feature = "std", target_os = "linux", not(miri)))]
    #[expect(unsafe_code, reason = "a host around a host")]
    // SAFETY: 1. to 5. are the promises of the host inside; 6. what it says of its barrier is passed on, or there is none.
    unsafe impl crate::host::contract::Host for Refusing {
        fn base(&self) -> core::ptr::NonNull<u8> {
            self.0.base()
        }
        fn pages(&self) -> usize {
            self.0.pages()
        }
        fn barrier(&self) -> bool {
            self.2.fetch_add(1, Relaxed);
            !self.1.load(Relaxed) && self.0.barrier()
        }
    }

    #[cfg(all(feature = "std", target_os = "linux", not(miri)))]
    #[test]
    fn without_a_barrier_the_owner_keeps_out_until_there_is_one() {
        let memory = crate::host::memfd::MemfdHost::new(1).unwrap();
        let host = Arc::new(Refusing(memory, core::sync::atomic::AtomicBool::new(false), AtomicU32::new(0)));
        let cpus = Cpus::new(host.clone(), 1, false);
        let local = CpuLocal::new(&cpus, |_| 0);
        assert_eq!(local.with(&cpus, |value| *value += 1), Some(()));
        assert_eq!(host.2.swap(0, Relaxed), 1, "the first claim is of what nobody owns");
        (0..100).for_each(|_| assert_eq!(local.with(&cpus, |value| *value += 1), Some(())));
        assert_eq!(host.2.load(Relaxed), 0, "an owner asks for no barrier");
        host.1.store(true, Relaxed);
        assert!(!local.each(&cpus, |_, _| unreachable!("the owner may be inside")));
        assert_eq!(
            local.with(&cpus, |value| *value += 1),
            None,
            "it was told to leave, and nobody knows whether it has"
        );
        host.1.store(false, Relaxed);
        let mut seen = 0;
        assert!(local.each(&cpus, |_, value| seen = *value));
        assert_eq!((seen, local.with(&cpus, |value| *value)), (101, Some(101)));
    }
}
