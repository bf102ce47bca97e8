//! The words that can be explained: verdicts, exit codes, and chains' identities.

use std::fmt::Write;

use firsthit::Verdict;

use crate::exit_code::ExitCode;
use crate::explain::example;
use crate::options::value::ChainWord;
use crate::trouble::Trouble;

/// What is asked about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Word {
    Verdict(Verdict),
    Verdicts,
    ExitCode(ExitCode),
    ExitCodes,
    /// One chain's outcome, which the ledger knows.
    Chain(ChainWord),
}

impl Word {
    /// Reads a word.
    ///
    /// # Errors
    /// Names what can be explained.
    pub(crate) fn read(word: &str) -> Result<Word, Trouble> {
        let lower = word.to_lowercase();
        if let Ok(verdict) = lower.parse() {
            return Ok(Word::Verdict(verdict));
        }
        match lower.as_str() {
            "verdicts" | "verdict" => return Ok(Word::Verdicts),
            "exit-codes" | "exit-code" => return Ok(Word::ExitCodes),
            _ => {}
        }
        if let Some(code) = ExitCode::ALL.into_iter().find(|code| code.number().to_string() == lower) {
            return Ok(Word::ExitCode(code));
        }
        lower.parse().map(Word::Chain).map_err(|_| {
            let verdicts = Verdict::ALL.map(Verdict::as_str).join(", ");
            Trouble::usage(format!(
                "{word:?} cannot be explained: give `exit-codes`, an exit code, a chain's ID of 6 to 32 hexadecimal digits, \
                 `verdicts`, or one of them: {verdicts}"
            ))
        })
    }
}

/// What a verdict means, what to do next, and an example.
pub(crate) fn verdict(verdict: Verdict) -> String {
    let good = match verdict {
        Verdict::Aborted => "told, and a finding only where it is denied: --deny aborted",
        verdict if verdict.is_good() => "good",
        _ => "a finding unless it is allowed",
    };
    let mut text = format!("{verdict}: {good}\n\n");
    if let Some(explained) = example::of(verdict) {
        let _ = write!(text, "{}\n\n", wrapped(explained.meaning));
        let lines = explained
            .example
            .lines()
            .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") });
        text.extend(lines);
        text.push('\n');
    }
    let _ = writeln!(text, "{}", wrapped(&format!("What to do next: {}", verdict.next_step())));
    text
}

/// All verdicts, a line each.
pub(crate) fn verdicts() -> String {
    let line = |verdict: Verdict| {
        format!(
            "{:<10} {:<8} {}\n",
            verdict.as_str(),
            match verdict {
                Verdict::Aborted => "told",
                verdict if verdict.is_good() => "good",
                _ => "finding",
            },
            verdict.next_step()
        )
    };
    Verdict::ALL.into_iter().map(line).chain(["\nMore on one: cargo firsthit explain VERDICT\n".to_owned()]).collect()
}

/// What an exit code means.
pub(crate) fn exit_code(code: ExitCode) -> String {
    format!("{:<3} {}\n", code.number(), code.meaning())
}

/// All exit codes, and which wins.
pub(crate) fn exit_codes() -> String {
    let rule = "\nIf several are true, what makes the rest doubtful goes first: 70, 1, 130, 4, 5, 3, 2, 6, 0.\n";
    ExitCode::ALL.into_iter().map(exit_code).chain([rule.to_owned()]).collect()
}

/// Broken between words to lines of at most 80 characters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + word.len() < 80 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_is_explained_with_an_example_and_the_next_step() {
        for word in Verdict::ALL {
            let explained = example::of(word).unwrap();
            let text = verdict(word);
            assert!(explained.meaning.ends_with('.') && !explained.example.is_empty(), "{word}");
            assert!(text.replace('\n', " ").contains(word.next_step()) && text.starts_with(word.as_str()), "{text}");
            assert!(text.lines().all(|line| line.len() <= 100), "{text}");
        }
    }

    #[test]
    fn words_are_told_apart() {
        assert!(verdict(Verdict::Aborted).starts_with("aborted: told, and a finding only where it is denied"));
        assert!(verdicts().contains("aborted    told     Call"), "{}", verdicts());
        assert_eq!(Word::read("Aborted"), Ok(Word::Verdict(Verdict::Aborted)));
        assert_eq!(Word::read("exit-codes"), Ok(Word::ExitCodes));
        assert_eq!(Word::read("70"), Ok(Word::ExitCode(ExitCode::Internal)));
        assert_eq!(Word::read("3F2A90"), Ok(Word::Chain(ChainWord("3f2a90".to_owned()))));
        assert!(Word::read("7").unwrap_err().message.contains("one of them: recovered, absorbed"));
    }

    #[test]
    fn exit_codes_are_told_with_the_rule() {
        let text = exit_codes();
        assert!(ExitCode::ALL.iter().all(|code| text.contains(code.meaning())), "{text}");
        assert!(text.contains("70, 1, 130, 4, 5, 3, 2, 6, 0"));
    }
}
