//! Fresh processes: the program anew, which runs one test up to the sweep that is meant.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::launch::{Job, Launch, Launched};
use super::unix::{Capture, Child};
use crate::earlier::{self, EARLIER};

/// The variable that tells a fresh process what it is started for: `role:slot:parent:ordinal:line:path`.
pub(crate) const ROLE: &str = "FIRSTHIT_ROLE";

/// What a fresh process is started for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Orders {
    /// `None`: to be the base that forks workers.
    pub(crate) job: Option<Job>,
    /// Of a program that is run from outside: its requests are counted, and the one of this number fails. Those of its first
    /// thread have negative numbers, for the others' are counted apart; 0: none.
    pub(crate) request: Option<i64>,
    pub(crate) slot: usize,
    pub(crate) parent: u32,
    /// Which sweep of the test is meant: of those of its thread, and in which line.
    pub(crate) ordinal: u32,
    pub(crate) line: u32,
    /// Where the campaign is shared.
    pub(crate) campaign: String,
}

impl Orders {
    pub(crate) fn to_word(&self) -> String {
        let job = match self.job {
            None => "base",
            Some(Job::Record) => "record",
            Some(Job::Work | Job::One | Job::Carry) => "one",
        };
        let request = self.request.map_or_else(String::new, |number| format!("@{number}"));
        format!("{job}{request}:{}:{}:{}:{}:{}", self.slot, self.parent, self.ordinal, self.line, self.campaign)
    }

    /// Reads what [`Orders::to_word`] wrote.
    pub(crate) fn from_word(word: &str) -> Option<Orders> {
        let mut parts = word.splitn(6, ':');
        let first = parts.next()?;
        let (job, request) = match first.split_once('@') {
            Some((job, number)) => (job, Some(number.parse().ok()?)),
            None => (first, None),
        };
        let job = match job {
            "base" => None,
            "record" => Some(Job::Record),
            "one" => Some(Job::One),
            _ => return None,
        };
        Some(Orders {
            job,
            request,
            slot: parts.next()?.parse().ok()?,
            parent: parts.next()?.parse().ok()?,
            ordinal: parts.next()?.parse().ok()?,
            line: parts.next()?.parse().ok()?,
            campaign: parts.next()?.to_owned(),
        })
    }
}

/// Starts fresh processes that run one test of this program anew.
pub(crate) struct Fresh {
    pub(crate) program: PathBuf,
    pub(crate) test: String,
    pub(crate) ordinal: u32,
    pub(crate) line: u32,
    pub(crate) campaign: String,
}

impl Fresh {
    /// Starts a process that goes to the sweep and follows `job` there.
    ///
    /// # Errors
    /// When the system refuses the process.
    pub(crate) fn start(&self, slot: usize, job: Option<Job>) -> io::Result<Launched> {
        let capture = Capture::create()?;
        let orders = Orders {
            job,
            request: None,
            slot,
            parent: std::process::id(),
            ordinal: self.ordinal,
            line: self.line,
            campaign: self.campaign.clone(),
        };
        let child = Command::new(&self.program)
            .args(["--exact", &self.test, "--nocapture", "--include-ignored", "--test-threads=1"])
            .env(ROLE, orders.to_word())
            .env(EARLIER, earlier::value())
            .stdin(Stdio::null())
            .stdout(capture.stream()?)
            .stderr(capture.stream()?)
            .spawn()?;
        Ok(Launched { child: Child::watch(child.id())?, capture })
    }
}

impl Launch for Fresh {
    fn launch(&self, slot: usize, job: Job) -> io::Result<Launched> {
        self.start(slot, Some(job))
    }

    fn work(&self) -> Job {
        Job::One
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_read_as_they_are_written() {
        for (job, request) in
            [(None, None), (Some(Job::Record), Some(0)), (Some(Job::One), Some(-17)), (Some(Job::One), None)]
        {
            let campaign = "/proc/17/fd/9:x".to_owned();
            let orders = Orders { job, request, slot: 3, parent: 17, ordinal: 1, line: 9, campaign };
            assert_eq!(Orders::from_word(&orders.to_word()), Some(orders));
        }
        assert_eq!(Orders::from_word("one@x:1:2:3:4:/"), None);
        assert_eq!(Orders::from_word("base:1:2"), None);
    }
}
