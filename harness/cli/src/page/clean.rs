//! Names and messages made fit for a page: nothing in them steers a terminal or turns the direction of the text around them.

/// In one line.
pub(crate) fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || turns(c) { '\u{fffd}' } else { c }).collect()
}

/// With its lines and tabulators.
pub(crate) fn lines(text: &str) -> String {
    let keep = |c: char| matches!(c, '\n' | '\t');
    text.chars().map(|c| if (c.is_control() && !keep(c)) || turns(c) { '\u{fffd}' } else { c }).collect()
}

/// At most so many characters of it.
pub(crate) fn cut(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Whether a character changes the direction in which those behind it are shown.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_or_turns_the_text_is_replaced() {
        assert_eq!(line("a\u{1b}[31mb\nc\u{202e}d"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}d");
        assert_eq!(lines("a\n\tb\r\u{0}"), "a\n\tb\u{fffd}\u{fffd}");
        assert_eq!((cut("äbc", 2), cut("äb", 2)), ("äb…".to_owned(), "äb".to_owned()));
    }
}
