//! Tokens as people know them from the source, the same however they were laid out.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// The longest text, in characters.
const LENGTH_MAX: usize = 120;

/// What the text ends in, of a text that is too long, in front of a hash of the whole.
const CUT: &str = "… #";

/// The text of `tokens`, short enough for a report.
///
/// What stands in braces is left out: an edit inside of a closure's block leaves the text around it as it is.
pub(crate) fn of(tokens: TokenStream) -> String {
    capped(&whole(tokens))
}

/// The text of `operand` with a `?` behind it.
pub(crate) fn of_question(operand: TokenStream) -> String {
    let mut printer = Printer::default();
    printer.stream(operand);
    printer.operator("?");
    capped(&printer.text)
}

/// The text of `tokens`, however long.
pub(crate) fn whole(tokens: TokenStream) -> String {
    let mut printer = Printer::default();
    printer.stream(tokens);
    printer.text
}

/// The text of conditions that stand behind each other.
pub(crate) fn chained(texts: &[&str]) -> String {
    capped(&texts.join(" && "))
}

fn capped(text: &str) -> String {
    if text.chars().count() <= LENGTH_MAX {
        return text.to_owned();
    }
    let hash = format!("{:08x}", hash(text));
    let kept = text.chars().take(LENGTH_MAX - CUT.chars().count() - hash.len());
    kept.chain(CUT.chars()).chain(hash.chars()).collect()
}

/// FNV-1a, folded to half its width.
fn hash(text: &str) -> u32 {
    let whole = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    (whole ^ (whole >> 32)) as u32
}

/// What the token before is to the one that comes.
#[derive(Default, Clone, Copy, PartialEq)]
enum Before {
    /// Nothing, or something that opens: what comes begins a term.
    #[default]
    Start,
    /// A name or a literal.
    Word,
    /// A word behind which a term begins: `match`, `return`.
    Keyword,
    /// A closing delimiter, or `?`.
    Closed,
    /// An operator between two terms, with its space: a term begins.
    Operator,
    /// An operator in front of its term, or `.` and `::`, which join.
    Prefix,
}

#[derive(Default)]
struct Printer {
    text: String,
    before: Before,
    /// Whether the `|` that opens a closure's parameters has been seen.
    parameters: bool,
    /// How many lists of generic arguments are open.
    generic: u32,
    /// Whether a list of generic arguments may follow the last word: it is a type's, or a keyword.
    takes_generics: bool,
}

impl Printer {
    fn stream(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.group(group.delimiter(), group.stream()),
                TokenTree::Ident(ident) => self.word(&ident.to_string()),
                TokenTree::Literal(literal) => self.word(&literal.to_string()),
                TokenTree::Punct(first) => {
                    let mut operator = String::from(first.as_char());
                    let mut joint = first.spacing() == Spacing::Joint;
                    while joint && let Some(TokenTree::Punct(next)) = tokens.peek() {
                        let longer = format!("{operator}{}", next.as_char());
                        if !OPERATORS.contains(&longer.as_str()) {
                            break;
                        }
                        joint = next.spacing() == Spacing::Joint;
                        operator = longer;
                        tokens.next();
                    }
                    self.operator(&operator);
                }
            }
        }
    }

    fn group(&mut self, delimiter: Delimiter, inside: TokenStream) {
        let (open, close) = match delimiter {
            Delimiter::None => return self.stream(inside),
            Delimiter::Parenthesis => ('(', ')'),
            Delimiter::Bracket => ('[', ']'),
            Delimiter::Brace => {
                self.space_between_words();
                self.text.push_str(if inside.is_empty() { "{}" } else { "{…}" });
                self.before = Before::Closed;
                return;
            }
        };
        if self.before == Before::Keyword {
            self.text.push(' ');
        }
        self.text.push(open);
        let outside = std::mem::take(&mut self.parameters);
        let generic = std::mem::take(&mut self.generic);
        self.before = Before::Start;
        self.stream(inside);
        self.text.truncate(self.text.trim_end_matches(", ").len());
        self.text.push(close);
        (self.before, self.parameters, self.generic) = (Before::Closed, outside, generic);
    }

    fn space_between_words(&mut self) {
        if matches!(self.before, Before::Word | Before::Keyword | Before::Closed) {
            self.text.push(' ');
        }
    }

    fn word(&mut self, word: &str) {
        self.space_between_words();
        self.text.push_str(word);
        self.takes_generics =
            word.starts_with(char::is_uppercase) || KEYWORDS.contains(&word) || ["fn", "for"].contains(&word);
        self.before = if KEYWORDS.contains(&word) { Before::Keyword } else { Before::Word };
    }

    fn operator(&mut self, operator: &str) {
        let term = matches!(self.before, Before::Word | Before::Closed);
        match operator {
            "." | "::" | ".." | "..=" | "?" => {
                if self.before == Before::Keyword {
                    self.text.push(' ');
                }
                self.text.push_str(operator);
                self.before = if operator == "?" { Before::Closed } else { Before::Prefix };
            }
            "," | ";" | ":" => {
                self.text.push_str(operator);
                self.text.push(' ');
                self.before = Before::Operator;
            }
            "'" => {
                self.space_between_words();
                self.text.push('\'');
                self.before = Before::Prefix;
            }
            "<" if !term || (self.before == Before::Word && self.takes_generics) => {
                self.generic += 1;
                self.text.push('<');
                self.before = Before::Start;
            }
            ">" | ">>" if self.generic > 0 => {
                self.generic = self.generic.saturating_sub(operator.len() as u32);
                self.text.push_str(operator);
                self.before = Before::Closed;
            }
            // A macro's name, or a closure without parameters.
            "!" if self.before == Before::Word => {
                self.text.push('!');
                self.before = Before::Start;
            }
            "||" if !term => {
                self.text.push_str("|| ");
                self.before = Before::Operator;
            }
            "|" if self.parameters => {
                self.parameters = false;
                self.text.truncate(self.text.trim_end_matches(", ").len());
                self.text.push_str("| ");
                self.before = Before::Operator;
            }
            "|" if !term => {
                if self.before == Before::Keyword {
                    self.text.push(' ');
                }
                self.parameters = true;
                self.text.push('|');
                self.before = Before::Start;
            }
            _ if term => {
                self.text.push(' ');
                self.text.push_str(operator);
                self.text.push(' ');
                self.before = Before::Operator;
            }
            _ => {
                if self.before == Before::Keyword {
                    self.text.push(' ');
                }
                self.text.push_str(operator);
                self.before = Before::Prefix;
            }
        }
    }
}

const OPERATORS: &[&str] = &[
    "::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", "..", "...", "..=", "+=", "-=", "*=", "/=", "%=", "^=", "&=",
    "|=", "<<", ">>", "<<=", ">>=",
];

/// Behind these begins a term, so that `-`, `&` and `|` belong to it.
const KEYWORDS: &[&str] = &[
    "as", "async", "box", "break", "dyn", "else", "if", "impl", "in", "let", "loop", "match", "move", "mut", "ref",
    "return", "unsafe", "while",
];

#[cfg(test)]
mod tests {
    use super::{LENGTH_MAX, of};

    fn text(source: &str) -> String {
        of(source.parse().unwrap())
    }

    #[test]
    fn tokens_read_as_people_write_them() {
        for source in [
            "vec.try_reserve(n)?",
            "self.map.try_reserve::<u8>(1, hasher)?.len()",
            "Vec::<u8>::try_with_capacity(n + 1).map_err(|_| Oom)?",
            "f(|a, b| a - b, || -1, move |x| &x, |&(a, b)| *a)",
            "Some(Err(error)) if error.kind() == Kind::Full",
            "Err(Error::A | Error::B { .. })",
            "<Cache<K, V> as Store<&'a str>>::get",
            "Poll::Ready(Err(_))",
            "if let Some(ref mut x) = *y.get(&-1)",
            "format!(\"{}\", a[0])",
            "for<'a> Fn(&'a u8) -> bool",
            "0..n",
            "match x {…}",
            "Layout::new::<T>()",
            "return -1",
            "a < b && c.d > 1 || Vec::<Option<u8>>::new() >> 2 == x",
            "f().await?.g().await",
        ] {
            let source = source.replace("{ .. }", "{…}");
            let parsed = source.replace("{…}", "{ a; b }");
            assert_eq!(text(&parsed), source);
        }
    }

    #[test]
    fn layout_and_what_stands_in_braces_change_nothing() {
        assert_eq!(text("a . b (\n c ,\n )"), text("a.b(c)"));
        assert_eq!(text("a(|| { 1 })"), text("a(|| { /* two */ 2 })"));
    }

    #[test]
    fn long_texts_are_told_apart_by_a_hash_of_the_whole() {
        let long = |end: &str| text(&format!("f({}{end})", "argument, ".repeat(20)));
        assert_eq!(long("a").chars().count(), LENGTH_MAX);
        assert_ne!(long("a"), long("b"));
        assert_eq!(long("a"), long("a"));
    }
}
