//! Text from outside made safe to print: no control characters, no endless names.

use std::fmt::Write as _;

/// A name or path longer than this is shortened in its middle.
const NAME_CHARS_MAX: usize = 160;
/// A message longer than this is cut at its end.
const MESSAGE_CHARS_MAX: usize = 2_000;

/// `text` on one line, whole, with everything escaped that could move a cursor, recolour or reorder a terminal.
pub(crate) fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        push(&mut out, character);
    }
    out
}

/// `text` on one line, with its middle left out if it is long.
pub(crate) fn name(text: &str) -> String {
    let count = text.chars().count();
    if count <= NAME_CHARS_MAX {
        return line(text);
    }
    let (head, tail) = (NAME_CHARS_MAX / 2, NAME_CHARS_MAX / 2 - 1);
    let head: String = text.chars().take(head).collect();
    let tail: String = text.chars().skip(count - tail).collect();
    format!("{}…{}", line(&head), line(&tail))
}

/// `text` with its line breaks kept, and every line after the first begun with `indent`.
pub(super) fn message(text: &str, indent: &str) -> String {
    let cut = text.char_indices().nth(MESSAGE_CHARS_MAX).map(|(at, _)| at);
    let kept = text[..cut.unwrap_or(text.len())].trim_end();
    let mut out = String::with_capacity(kept.len());
    for (index, part) in kept.lines().enumerate() {
        if index != 0 {
            // An empty line needs no blanks at its end.
            let _ = write!(out, "\n{}", if part.is_empty() { "" } else { indent });
        }
        out.push_str(&line(part));
    }
    if let Some(cut) = cut {
        let _ = write!(out, "… ({} more characters)", text[cut..].chars().count());
    }
    out
}

fn push(out: &mut String, character: char) {
    if character.is_control() || reorders(character) {
        out.extend(character.escape_unicode());
    } else {
        out.push(character);
    }
}

/// Marks and line breaks of Unicode that make text look like other text.
fn reorders(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    #[test]
    fn escape_sequences_and_control_characters_are_spelled_out() {
        assert_eq!(super::line("a\u{1b}[31mred\u{7}\r\n\tb"), r"a\u{1b}[31mred\u{7}\u{d}\u{a}\u{9}b");
        assert_eq!(super::line("\u{9b}x\u{202e}y\u{2028}"), r"\u{9b}x\u{202e}y\u{2028}");
        assert_eq!(super::line("größer ≥ 漢字"), "größer ≥ 漢字");
    }

    #[test]
    fn long_names_lose_their_middle() {
        let long = format!("start::{}::end", "x".repeat(10_240));
        let short = super::name(&long);
        assert_eq!(short.chars().count(), super::NAME_CHARS_MAX);
        assert!(short.starts_with("start::x") && short.ends_with("x::end"), "{short}");
        assert_eq!(super::name("short"), "short");
    }

    #[test]
    fn messages_keep_their_lines_indented_and_end_somewhere() {
        assert_eq!(super::message("one\ntwo\r\n\nthree\u{1b}\n", "  "), "one\n  two\n\n  three\\u{1b}");
        let long = super::message(&"é".repeat(5_000), "");
        assert!(long.ends_with("é… (3000 more characters)"));
    }
}
