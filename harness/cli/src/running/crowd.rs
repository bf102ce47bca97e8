//! Many tests at a time: as many runs as there are processors, of however many tests.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::chains::chain_id::ChainId;
use crate::chains::named::Named;
use crate::results::outcome::Outcome;
use crate::results::swept::Swept;
use crate::running::subject::Subject;
use crate::running::sweep::{Choice, Common, Listener, sweep};
use crate::test_id::TestId;

/// From when on nothing is news, too.
const PAUSE: Duration = Duration::from_millis(200);

/// What happens while tests are swept.
#[derive(Debug)]
pub(crate) enum News {
    /// The sweep of a test begins.
    Begun(TestId),
    /// So many chains are planned of it by now.
    Planned(TestId, usize),
    Outcome(Box<Outcome>),
    Done(Box<Swept>),
    /// Nothing, for a while: there is time for what can wait.
    Pause,
}

/// Whether a chain is to be failed; asked by several threads.
pub(crate) type Chooser<'a> = dyn Fn(&TestId, ChainId, &Named) -> Choice + Sync + 'a;

/// Sweeps all of them, `jobs` runs at a time, and tells `hear` of everything, on this thread.
pub(crate) fn sweep_all(
    subjects: &[Subject],
    common: &Common<'_>,
    jobs: usize,
    choose: &Chooser<'_>,
    mut hear: impl FnMut(News),
) {
    let crowd = Crowd { jobs, next: AtomicUsize::new(0), busy: AtomicUsize::new(0) };
    let (news, heard) = channel();
    thread::scope(|scope| {
        for _ in 0..jobs.min(subjects.len()) {
            let (crowd, news) = (&crowd, news.clone());
            scope.spawn(move || {
                while let Some(subject) = subjects.get(crowd.next.fetch_add(1, Relaxed)) {
                    if common.stop.load(Relaxed) {
                        break;
                    }
                    crowd.busy.fetch_add(1, Relaxed);
                    let _ = news.send(News::Begun(subject.test.clone()));
                    let one = One { test: &subject.test, crowd, choose, news: &news };
                    let swept = sweep(subject, common, &one);
                    crowd.busy.fetch_sub(1, Relaxed);
                    let _ = news.send(News::Done(Box::new(swept)));
                }
            });
        }
        drop(news);
        loop {
            match heard.recv_timeout(PAUSE) {
                Ok(news) => hear(news),
                Err(RecvTimeoutError::Timeout) => hear(News::Pause),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
}

struct Crowd {
    jobs: usize,
    /// The next test to be taken.
    next: AtomicUsize,
    /// How many tests are being swept.
    busy: AtomicUsize,
}

/// One test of the crowd.
struct One<'a> {
    test: &'a TestId,
    crowd: &'a Crowd,
    choose: &'a Chooser<'a>,
    news: &'a Sender<News>,
}

impl Listener for One<'_> {
    fn choose(&self, id: ChainId, named: &Named) -> Choice {
        (self.choose)(self.test, id, named)
    }

    fn workers(&self) -> usize {
        // The last tests have all processors between them.
        (self.crowd.jobs / self.crowd.busy.load(Relaxed).max(1)).max(1)
    }

    fn planned(&self, chains: usize) {
        let _ = self.news.send(News::Planned(self.test.clone(), chains));
    }

    fn outcome(&self, outcome: Outcome, _: &str) {
        let _ = self.news.send(News::Outcome(Box::new(outcome)));
    }
}
