//! A future that a site's call has made: whatever fails while it is polled fails at the site.
#![expect(unsafe_code, reason = "hands the pin on to the future inside")]

use std::pin::Pin;
use std::task::{Context, Poll};

use super::point::Function;

/// The future of a site's call, which is awaited where it is made.
#[doc(hidden)]
#[must_use = "futures do nothing unless they are polled"]
#[derive(Debug)]
pub struct Polled<F> {
    function: &'static Function,
    point: u32,
    future: F,
}

impl Function {
    /// The future that the call of a site came back with.
    pub fn awaited<F: IntoFuture>(&'static self, point: u32, future: F) -> Polled<F::IntoFuture> {
        Polled { function: self, point, future: future.into_future() }
    }
}

impl<F: Future> Future for Polled<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: nothing is moved out of what is pinned: two fields are copied, and the future is reached by way of a
        // pin alone. `Polled` has no `Drop`, and is `Unpin` only if the future is.
        let Polled { function, point, future } = unsafe { self.get_unchecked_mut() };
        // SAFETY: the future lies in what is pinned, and stays there until that is dropped.
        let future = unsafe { Pin::new_unchecked(future) };
        let entered = function.enter_again(*point);
        function.leave(entered, future.poll(context))
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::marker::PhantomPinned;
    use std::pin::pin;
    use std::task::Waker;

    use super::*;
    use crate::annotation::point::Cell;

    static CELLS: [Cell; 1] = [Cell::NEW];
    static HERE: Function =
        Function { module: "demo", name: "polled", file: "src/demo.rs", table: "", conditions: &[], cells: &CELLS };

    /// Pending once; it minds where it lies.
    struct Pinned(Option<usize>, PhantomPinned);

    impl Future for Pinned {
        type Output = bool;

        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
            let here = (&raw const *self).addr();
            context.waker().wake_by_ref();
            // SAFETY: the number is no part of what is pinned.
            let before = unsafe { self.get_unchecked_mut() }.0.replace(here);
            before.map_or(Poll::Pending, |before| Poll::Ready(before == here))
        }
    }

    #[test]
    fn a_future_is_what_it_was_and_lies_where_it_lay() {
        let context = &mut Context::from_waker(Waker::noop());
        assert_eq!(pin!(HERE.awaited(0, ready(5))).poll(context), Poll::Ready(5));
        let mut pinned = pin!(HERE.awaited(0, Pinned(None, PhantomPinned)));
        assert_eq!(pinned.as_mut().poll(context), Poll::Pending);
        assert_eq!(pinned.as_mut().poll(context), Poll::Ready(true));
    }

    #[test]
    fn what_can_be_sent_stays_so() {
        fn sent<T: Send + Sync + Unpin>(value: T) -> T {
            value
        }
        drop(sent(HERE.awaited(0, ready(5))));
    }
}
