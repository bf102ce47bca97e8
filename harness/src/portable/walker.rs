//! The walker where no other is at home: the `backtrace` crate.

use crate::chain::boundary::Boundary;
use crate::chain::registers::Registers;

/// The return addresses from the caller of the function that `start` is of, innermost first, up to `boundary`;
/// nothing if the unwinder does not arrive there or finds more than `out` holds.
///
/// Where frames have no stack pointers (Miri), the runtime's own innermost frames are among them: reports leave them
/// out, and they are the same for every request of a kind.
pub(crate) fn frames(start: Registers, boundary: &Boundary, out: &mut [usize]) -> Option<usize> {
    let mut count: usize = 0;
    let mut arrived = false;
    backtrace::trace(|frame| {
        let (ip, sp) = (frame.ip().addr(), frame.sp().addr());
        if sp == 0 && frame.symbol_address().addr() == boundary.ip {
            arrived = true;
            return false;
        }
        if sp > boundary.fp {
            // The frame before was the boundary's own.
            arrived = count > 0;
            count = count.saturating_sub(1);
            return false;
        }
        if sp != 0 && sp <= start.sp {
            return true;
        }
        let Some(place) = out.get_mut(count) else { return false };
        *place = ip;
        count += 1;
        true
    });
    arrived.then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::boundary::within;

    #[inline(never)]
    fn standing(boundary: &Boundary, deeper: u32) -> Option<Vec<usize>> {
        if deeper > 0 {
            return std::hint::black_box(standing(boundary, deeper - 1));
        }
        let here = Registers::here();
        let mut out = [0; 64];
        let count = frames(here, boundary, &mut out)?;
        Some(out[..count].to_vec())
    }

    #[test]
    fn a_call_more_is_a_frame_more_and_the_rest_is_the_same() {
        let walks = [0, 3].map(|deeper| within(|boundary| standing(&boundary, deeper)).unwrap());
        assert_eq!(walks[0].len() + 3, walks[1].len());
        assert!(walks[1].ends_with(&walks[0]));
        assert!(walks[0].len() < 8, "the boundary is near: {walks:?}");
    }

    #[test]
    fn a_frame_that_is_gone_is_not_arrived_at() {
        let above = within(|boundary| within(|_| standing(&boundary, 0)).map(|frames| frames.len())).unwrap();
        let near = within(|boundary| standing(&boundary, 0)).unwrap().len();
        assert!(above > near, "an outer boundary is seen through an inner one: {above} and {near}");
        assert_eq!(standing(&Boundary { fp: usize::MAX, ip: 0 }, 0), None);
    }
}
