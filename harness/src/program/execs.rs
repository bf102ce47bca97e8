//! Fresh processes of a program whose forks cannot be trusted: each is started anew for one run.

use std::io;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::director;
use super::entry::{ORDERS, settings};
use crate::chain::walker::Walker;
use crate::explore::fresh::Orders;
use crate::explore::launch::{Job, Launch, Launched};
use crate::explore::session::Session;
use crate::explore::unix::{Capture, Child};
use crate::memory::campaign::Campaign;

/// Starts the program anew with orders in its environment.
struct Execs<'a> {
    campaign: &'a Campaign,
    command: &'a dyn Fn(&str, String) -> Command,
}

impl Launch for Execs<'_> {
    fn launch(&self, slot: usize, job: Job) -> io::Result<Launched> {
        let capture = Capture::create()?;
        let parent = std::process::id();
        let orders =
            Orders { job: Some(job), request: None, slot, parent, ordinal: 0, line: 0, campaign: self.campaign.path() };
        let mut command = (self.command)(ORDERS, orders.to_word());
        let child = command.stdin(Stdio::null()).stdout(capture.stream()?).stderr(capture.stream()?).spawn()?;
        Ok(Launched { child: Child::watch(child.id())?, capture })
    }

    fn work(&self) -> Job {
        Job::One
    }
}

/// A campaign that is directed from this process, with a fresh process of the program for each run.
#[derive(Debug)]
pub struct ByProcesses {
    campaign: Arc<Campaign>,
}

impl ByProcesses {
    pub(super) fn new(campaign: Arc<Campaign>) -> ByProcesses {
        ByProcesses { campaign }
    }

    /// Returns when the campaign is finished. The processes end with the thread that calls it.
    ///
    /// `command` makes the program's command, with the variable of this name and value.
    pub fn direct(&self, command: &dyn Fn(&str, String) -> Command) {
        let (campaign, settings) = (&self.campaign, settings(&self.campaign));
        let walker = Walker::from_number(campaign.header().follower.walker.load(Relaxed).max(1));
        let session = Session { shares_std: false, ..Session::new(&settings, campaign, walker) };
        director::direct(session, &Execs { campaign, command });
    }
}
