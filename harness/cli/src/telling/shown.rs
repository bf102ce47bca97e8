//! An outcome shown to people: what fails, on which chain, and what was seen of it.

use std::fmt::{self, Formatter};

use crate::chains::frame::{Frame, Owner};
use crate::outputs::line::{Asking, one_line, place};
use crate::results::outcome::{First, Outcome};

/// An outcome in several lines, with every frame of its chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<'a>(pub(crate) &'a Outcome);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Outcome { test, verdict, request, asked, chain, spawned_by, leaks, stood, .. } = self.0;
        writeln!(f, "{verdict}: {}", one_line(&test.to_string()))?;
        let through = asked.as_ref().map(|asked| format!(", through {}", one_line(&asked.function)));
        writeln!(f, "  {} fails{}", Asking(request), through.unwrap_or_default())?;
        frames(f, chain)?;
        if !spawned_by.is_empty() {
            writeln!(f, "  on a thread that was spawned")?;
            frames(f, spawned_by)?;
        }
        if let Some(First { request, chain, .. }) = &self.0.behind {
            writeln!(f, "  behind the failure of {}", Asking(request))?;
            frames(f, chain)?;
        }
        for fact in self.0.facts() {
            writeln!(f, "  {}", fact.replace('\n', "\n    "))?;
        }
        if !stood.is_empty() {
            writeln!(f, "  where it stood:")?;
            frames(f, stood)?;
        }
        for leak in leaks {
            writeln!(f, "  lost: {} bytes, made", leak.bytes)?;
            frames(f, &leak.chain)?;
        }
        Ok(())
    }
}

/// The frames, innermost first, a line each. What lies beyond the workspace's outermost function called the test.
fn frames(f: &mut Formatter<'_>, chain: &[Frame]) -> fmt::Result {
    let mut word = "at";
    let outermost = chain.iter().rposition(|frame| frame.owner == Owner::Workspace);
    let chain = &chain[..outermost.map_or(chain.len(), |place| place + 1)];
    for frame in chain {
        let place = if frame.file.is_some() { place(Some(frame)) } else { String::new() };
        let line = format!("    {word} {}  {}", one_line(&frame.function), one_line(&place));
        writeln!(f, "{}", line.trim_end())?;
        word = "by";
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use firsthit::Verdict;

    use super::*;
    use crate::results::sample::{frame, outcome};

    #[test]
    fn the_whole_chain_is_shown_up_to_the_workspaces_outermost_function() {
        let mut outcome = outcome("a", 1, Verdict::Leaked);
        outcome.chain = vec![
            frame("alloc::vec::Vec<T>::push", "vec/mod.rs", 9, Owner::Std),
            frame("demo::f", "src/store.rs", 12, Owner::Workspace),
        ];
        outcome.chain[0].file = None;
        outcome.chain.push(frame("test::run_test", "lib.rs", 7, Owner::Std));
        let shown = Shown(&outcome).to_string();
        assert!(shown.contains("    at alloc::vec::Vec<T>::push\n    by demo::f  src/store.rs:12\n"), "{shown}");
        assert!(!shown.contains("run_test"), "{shown}");
    }
}
