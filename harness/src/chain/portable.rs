//! The third walker: the `backtrace` crate, slow and at home everywhere.

use super::boundary::Boundary;
use super::registers::Registers;

/// The return addresses from the caller of the function that `start` is of, innermost first, up to `boundary`;
/// nothing if the unwinder does not arrive there or finds more than `out` holds.
pub(crate) fn frames(start: Registers, boundary: &Boundary, out: &mut [usize]) -> Option<usize> {
    let mut count = 0;
    let mut arrived = false;
    let visit = |frame: &backtrace::Frame| {
        let (ip, sp) = (frame.ip().addr(), frame.sp().addr());
        if sp <= start.sp {
            return true;
        }
        if ip == boundary.ip && sp == boundary.fp {
            arrived = true;
            return false;
        }
        let Some(place) = out.get_mut(count) else { return false };
        *place = ip;
        count += 1;
        sp <= boundary.fp
    };
    trace(visit);
    arrived.then_some(count)
}

#[expect(
    unsafe_code,
    reason = "the unsynchronised trace: a lock here could be held by a thread that a fork left behind"
)]
fn trace(visit: impl FnMut(&backtrace::Frame) -> bool) {
    // SAFETY: on platforms with an unwinder the trace keeps no state between calls; the lock of the
    // synchronised one guards the symbolisation of other platforms.
    unsafe { backtrace::trace_unsynchronized(visit) };
}
