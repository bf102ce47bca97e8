//! The processes of a sweep: found by a variable in their environment, told by their parents, killed one at a time.

use std::fs;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// The variable that marks them: swept programs and what these start inherit it.
const MARK: &str = "FIRSTHIT_TEST_MARK";

/// A command's process, and the value by which it and everything that it starts is found.
pub(crate) struct Marked {
    pub(crate) child: Child,
    mark: String,
}

impl Marked {
    /// Starts the command.
    pub(crate) fn spawn(command: &mut Command, name: &str) -> Marked {
        let mark = format!("{MARK}={name}-{}", std::process::id());
        let child = command.env(MARK, &mark[MARK.len() + 1..]).spawn().unwrap();
        Marked { child, mark }
    }

    /// It and all that it has started and that still run.
    pub(crate) fn all(&self) -> Vec<u32> {
        let numbers =
            fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let marked = |number: &u32| {
            let has = |text: Vec<u8>| text.split(|byte| *byte == 0).any(|variable| variable == self.mark.as_bytes());
            let lives = |stat: String| !stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(['Z', 'X']));
            fs::read(format!("/proc/{number}/environ")).is_ok_and(has)
                && fs::read_to_string(format!("/proc/{number}/stat")).is_ok_and(lives)
        };
        numbers.filter(marked).collect()
    }

    /// Fails if any of them is there after a while in which the machine had time to end them.
    #[track_caller]
    pub(crate) fn assert_gone(&self) {
        let begun = Instant::now();
        loop {
            let left = self.all();
            if left.is_empty() {
                return;
            }
            let lines = left.iter().map(|number| fs::read_to_string(format!("/proc/{number}/cmdline")));
            let lines: Vec<String> = lines.map(|line| line.unwrap_or_default().replace('\0', " ")).collect();
            assert!(begun.elapsed() < Duration::from_secs(5), "left behind: {lines:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The process, or one of those below it, by a random walk down.
pub(crate) fn one_of(process: u32, mut random: impl FnMut() -> usize) -> u32 {
    let mut here = process;
    loop {
        let below = children(here);
        let choice = random() % (below.len() + 1);
        let Some(next) = choice.checked_sub(1).map(|place| below[place]) else { return here };
        here = next;
    }
}

fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let lists = threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|word| word.parse().ok()).collect::<Vec<_>>()).collect()
}

/// Sends a signal; whether there was somebody to take it.
pub(crate) fn send(signal: &str, process: u32) -> bool {
    Command::new("kill")
        .args([signal, &process.to_string()])
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap()
        .success()
}
