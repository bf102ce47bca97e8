//! OOM notifiers: the last to be asked for memory before somebody is killed.

use super::pages::Pages;

/// Somebody who can give memory back when nothing else helps: balloons and the like (the kernel's `oom_notify_list`).
///
/// It is called at the killer's door, in the name of the task that asks, with no lock of the machine held; all notifiers are.
/// If they gave anything back, nobody is killed, and the request tries again. What a notifier itself asks for, it may take
/// from every reserve, and it comes neither to reclaim nor to the killer.
pub trait OomNotifier: Send + Sync {
    /// Gives pages back, through `free`. They are counted as they come.
    fn notify(&self, free: &mut dyn FnMut(Pages));
}

/// The number of a registered notifier.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct OomNotifierId(pub(crate) u32);
