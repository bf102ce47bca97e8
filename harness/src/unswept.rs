//! What a body does that is not under test: nothing in it fails, and nothing of it is counted.

use crate::scope::thread::{self, ThreadScope};

/// Runs what makes the body's world and is not under test: nothing fails in it, and no chain of it is known.
///
/// What it allocates and leaves alive is not accounted for either. Outside of a sweep it only calls `work`.
///
/// ```
/// fn test(server: &[u8]) {}
/// let server = firsthit::unswept(|| vec![0_u8; 100]);
/// test(&server);
/// ```
pub fn unswept<R>(work: impl FnOnce() -> R) -> R {
    struct Quiet(Option<(&'static ThreadScope, bool)>);
    impl Drop for Quiet {
        fn drop(&mut self) {
            if let Some((thread, before)) = self.0 {
                thread.busy.set(before);
            }
        }
    }
    let _quiet = Quiet(thread::current().map(|thread| (thread, thread.busy.replace(true))));
    work()
}
