//! Points in asynchronous code, polled by an executor of a few lines.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use firsthit::{Explorer, Handle, Sweep, Verdict, fail_point};

use crate::{Given, Refusal, elsewhere, recovered, step};

/// Ready at the second poll.
async fn pause() {
    let mut polled = false;
    std::future::poll_fn(|_| if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

async fn receive(value: u32) -> Given {
    fail_point!("before it waits", Err(Refusal::Full));
    pause().await;
    fail_point!("after it waited", [Err(Refusal::Busy), Err(Refusal::Full)]);
    Ok(value)
}

/// Polls a future until it is done.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

#[test]
fn a_point_returns_from_the_async_function_it_stands_in() {
    recovered(&Sweep::new().run(|| block_on(receive(3))), 3);
}

#[test]
fn an_async_block_returns_for_itself() {
    let body = || {
        block_on(async {
            let inner = async {
                fail_point!("inner block", None);
                Some(step(2))
            };
            pause().await;
            inner.await.unwrap_or(Ok(2))
        })
    };
    let report = Sweep::new().run(body);
    assert_eq!(report.verdicts(), [Verdict::Absorbed, Verdict::Recovered], "{report}");
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Runs its tasks in turns.
#[derive(Clone, Default)]
struct Executor {
    tasks: Rc<RefCell<VecDeque<Task>>>,
}

impl Executor {
    fn spawn<T: 'static>(&self, future: impl Future<Output = T> + 'static) -> Rc<RefCell<Option<T>>> {
        let result = Rc::new(RefCell::new(None));
        let slot = Rc::clone(&result);
        self.tasks.borrow_mut().push_back(Box::pin(async move { *slot.borrow_mut() = Some(future.await) }));
        result
    }

    fn run(&self) {
        let mut context = Context::from_waker(Waker::noop());
        while let Some(mut task) = { self.tasks.borrow_mut().pop_front() } {
            if task.as_mut().poll(&mut context).is_pending() {
                self.tasks.borrow_mut().push_back(task);
            }
        }
    }
}

#[test]
fn tasks_that_take_turns_each_get_their_failure() {
    for explorer in [Explorer::Worker, Explorer::Process] {
        let report = Sweep::new().explorer(explorer).run(|| {
            let executor = Executor::default();
            let results = [1, 2, 3].map(|value| executor.spawn(receive(value)));
            executor.run();
            results.iter().try_fold(0, |sum, result| Ok::<u32, Refusal>(sum + result.take().unwrap()?))
        });
        if elsewhere() {
            continue;
        }
        // Boxes and queues abort without memory; the tasks share their code, and so their chains.
        assert_eq!((report.count(Verdict::Recovered), report.trouble()), (3, None), "{report}");
        let others = report.verdicts().iter().filter(|verdict| **verdict != Verdict::Recovered);
        assert!(others.into_iter().all(|verdict| *verdict == Verdict::Aborted), "{report}");
    }
}

#[test]
fn a_future_that_is_polled_elsewhere_belongs_through_a_handle() {
    recovered(&Sweep::new().run(|| block_on(Handle::current().wrap(receive(4)))), 3);
}
