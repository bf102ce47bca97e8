//! The outermost frame of a chain: a Rust function that is never inlined, known by its stack pointer.

use std::hint::black_box;

/// The frame a chain ends at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Boundary {
    /// An address in the frame: not below the frame's stack pointer, and below that of its caller.
    pub(crate) fp: usize,
    /// The function that the frame is of, for unwinders that know no stack pointers.
    pub(crate) ip: usize,
}

/// Calls `body` inside a boundary frame and hands it that frame.
pub(crate) fn within<F: FnOnce(Boundary) -> R, R>(body: F) -> R {
    let mut body = Some(body);
    let mut result = None;
    framed(&mut |boundary| result = body.take().map(|body| body(boundary)));
    result.expect("the frame has called the body")
}

#[inline(never)]
fn framed(body: &mut dyn FnMut(Boundary)) {
    let mark = 0_u8;
    body(Boundary { fp: black_box(&raw const mark).addr(), ip: framed as fn(&mut dyn FnMut(Boundary)) as usize });
    // Used behind the call, so that the frame is there as long as the body runs.
    black_box(&raw const mark);
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn the_body_runs_once_and_its_value_comes_back() {
        let mut runs = 0;
        let value = within(|boundary| {
            runs += 1;
            assert_ne!(boundary.fp, 0);
            "value"
        });
        assert_eq!((runs, value), (1, "value"));
    }

    #[test]
    fn a_panic_passes_through_the_frame() {
        let caught = std::panic::catch_unwind(|| within(|_| std::panic::resume_unwind(Box::new(7_u8))));
        assert_eq!(caught.unwrap_err().downcast_ref::<u8>(), Some(&7));
    }
}
