//! How text for people looks on what it is written to: with colours or without, and how wide.

use std::env;
use std::io::{IsTerminal, stdout};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Level, Renderer};
use anstyle::{AnsiColor, Style};
use firsthit::Verdict;
use terminal_size::{Width, terminal_size_of};
use textwrap::{Options, wrap};

use crate::options::output::Color;

/// How much of a source's line an excerpt shows where lines may be of any length.
const WIDTH: usize = 140;
/// Text that is squeezed further cannot be read.
const WIDTH_MIN: usize = 60;

/// The look of standard output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Look {
    pub(crate) coloured: bool,
    /// In columns; nothing where lines may be of any length.
    pub(crate) width: Option<usize>,
}

impl Look {
    /// Without colours, for files and pipes.
    pub(crate) const PLAIN: Look = Look { coloured: false, width: None };

    /// As the user and the terminal have it.
    pub(crate) fn of_stdout(color: Color) -> Look {
        let coloured = match color {
            Color::Always => true,
            Color::Never => false,
            // <https://no-color.org>: whatever its value, unless it is empty.
            Color::Auto => stdout().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        let width = terminal_size_of(stdout()).map(|(Width(columns), _)| usize::from(columns).max(WIDTH_MIN));
        Look { coloured, width }
    }

    pub(super) fn renderer(self) -> Renderer {
        let width = self.width.unwrap_or(WIDTH);
        if self.coloured {
            Renderer::styled().decor_style(DecorStyle::Unicode).term_width(width)
        } else {
            Renderer::plain().term_width(width)
        }
    }

    /// Text that stands `indent` columns to the right, in lines that fit.
    pub(super) fn wrapped(self, text: &str, indent: usize) -> String {
        let Some(width) = self.width else { return text.to_owned() };
        let fitting = Options::new(width.saturating_sub(indent)).subsequent_indent("  ");
        text.lines().flat_map(|line| wrap(line, &fitting)).collect::<Vec<_>>().join("\n")
    }

    /// Text about a verdict, in its colour.
    pub(super) fn of_verdict(self, verdict: Verdict, text: &str) -> String {
        let style = match level(verdict) {
            Badness::Good => AnsiColor::Green,
            Badness::Told => AnsiColor::Cyan,
            Badness::Bad => AnsiColor::Yellow,
            Badness::Worst => AnsiColor::Red,
        };
        self.styled(style.on_default().bold(), text)
    }

    /// Text that stands back.
    pub(super) fn quiet(self, text: &str) -> String {
        self.styled(Style::new().dimmed(), text)
    }

    /// Text that stands out.
    pub(super) fn strong(self, text: &str) -> String {
        self.styled(Style::new().bold(), text)
    }

    fn styled(self, style: Style, text: &str) -> String {
        if self.coloured { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

enum Badness {
    Good,
    Told,
    Bad,
    Worst,
}

fn level(verdict: Verdict) -> Badness {
    match verdict {
        _ if verdict.is_good() => Badness::Good,
        Verdict::Aborted | Verdict::Unreached => Badness::Told,
        Verdict::Corrupted | Verdict::Crashed | Verdict::Hung => Badness::Worst,
        _ => Badness::Bad,
    }
}

/// The level that a finding has with this verdict, by which it is coloured.
pub(super) fn level_of(verdict: Verdict) -> Level<'static> {
    let level = match level(verdict) {
        Badness::Good | Badness::Told => Level::INFO,
        Badness::Bad => Level::WARNING,
        Badness::Worst => Level::ERROR,
    };
    level.with_name(verdict.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_as_the_user_has_them() {
        assert!(Look::of_stdout(Color::Always).coloured && !Look::of_stdout(Color::Never).coloured);
        let coloured = Look { coloured: true, ..Look::PLAIN };
        assert_eq!(Look::PLAIN.of_verdict(Verdict::Hung, "hung"), "hung");
        assert_eq!(coloured.of_verdict(Verdict::Hung, "hung"), "\u{1b}[1m\u{1b}[31mhung\u{1b}[0m");
        assert_eq!(coloured.quiet("x"), "\u{1b}[2mx\u{1b}[0m");
    }

    #[test]
    fn lines_fit_where_it_is_known_how_wide_it_is() {
        let narrow = Look { coloured: false, width: Some(20) };
        assert_eq!(narrow.wrapped("one two three four\n  five", 8), "one two\n  three four\n  five");
        assert_eq!(Look::PLAIN.wrapped(&"a ".repeat(400), 8), "a ".repeat(400));
    }
}
