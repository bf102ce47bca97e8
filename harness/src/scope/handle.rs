//! Taking a scope along to threads and tasks that the sweep's threads did not spawn themselves.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::shared::Scope;
use super::thread::{self, Origin};

/// The running sweep, to be taken along to a thread pool or a task.
///
/// Threads that the body spawns belong to its sweep by themselves. A pool that was started before the sweep, or a
/// runtime that polls tasks on threads of its own, does not: take a handle where the work is handed over, and
/// [`enter`](Handle::enter) it where the work runs. Outside of a sweep a handle does nothing.
///
/// On platforms without fork, threads that the body spawns need a handle too.
///
/// ```
/// let handle = firsthit::Handle::current();
/// let worker = std::thread::spawn(move || handle.enter(|| vec![1, 2, 3].len()));
/// assert_eq!(worker.join().unwrap(), 3);
/// ```
#[derive(Clone, Default)]
pub struct Handle {
    belongs: Option<(Arc<Scope>, Origin)>,
}

impl Handle {
    /// The sweep that the calling thread belongs to, with the caller's place as the origin of what is done for it.
    pub fn current() -> Handle {
        let current = thread::current().filter(|current| !current.busy.get());
        Handle { belongs: current.map(|current| (Arc::clone(&current.scope), current.spawning())) }
    }

    /// Whether there is a sweep to take along.
    pub fn is_active(&self) -> bool {
        self.belongs.is_some()
    }

    /// Runs `work` on the calling thread as a part of the sweep.
    pub fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        match &self.belongs {
            Some((scope, origin)) => scope.enter(*origin, work),
            None => work(),
        }
    }

    /// A future whose every poll is a part of the sweep, whichever thread polls it.
    pub async fn wrap<F: Future>(self, future: F) -> F::Output {
        let mut future = pin!(future);
        std::future::poll_fn(|context| -> Poll<F::Output> { self.enter(|| future.as_mut().poll(context)) }).await
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("active", &self.is_active()).finish()
    }
}
