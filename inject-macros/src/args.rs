//! The arguments of the attribute, as they are written.

use proc_macro2::{Ident, Literal, Span};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, LitInt, LitStr, Path, Token, parenthesized};

use crate::reject;
use crate::words::{self, Words};

/// The longest time limit, in milliseconds: a day, as in the environment's variable.
const TIME_LIMIT_MS_MAX: u64 = 86_400_000;

/// What a sweep can have room for at most.
const CHAINS_LIMIT: u64 = 1 << 24;

/// What the attribute was given.
#[derive(Default)]
pub(crate) struct Args {
    /// A variant of `firsthit::Explorer`.
    pub(crate) explorer: Option<Ident>,
    /// A variant of `firsthit::Mode`.
    pub(crate) mode: Option<Ident>,
    pub(crate) depth: Option<Literal>,
    pub(crate) workers: Option<Literal>,
    pub(crate) time_limit_ms: Option<Literal>,
    pub(crate) chains_max: Option<Literal>,
    /// Variants of `firsthit::Verdict`.
    pub(crate) denied: Vec<Ident>,
    pub(crate) allowed: Vec<Allowed>,
    pub(crate) expected: Option<Expr>,
    /// Where firsthit is, if not at `::firsthit`.
    pub(crate) krate: Option<Path>,
}

/// Findings that are accepted.
pub(crate) struct Allowed {
    pub(crate) pattern: LitStr,
    pub(crate) reason: LitStr,
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> syn::Result<Args> {
        let mut args = Args::default();
        let mut given: Vec<String> = Vec::new();
        while !input.is_empty() {
            let name = input.call(Ident::parse_any)?;
            let word = name.to_string();
            if word != "allow" && given.contains(&word) {
                return Err(reject::repeated(name.span(), &word));
            }
            args.argument(&Argument { name: &word, span: name.span(), input })?;
            given.push(word);
            if !input.is_empty() {
                input.parse::<Token![,]>().map_err(|_| reject::no_comma(input.span()))?;
            }
        }
        Ok(args)
    }
}

impl Args {
    fn argument(&mut self, argument: &Argument<'_>) -> syn::Result<()> {
        match argument.name {
            "explorer" => self.explorer = Some(argument.variant(words::EXPLORERS)?),
            "mode" => self.mode = Some(argument.variant(words::MODES)?),
            "depth" => self.depth = Some(argument.number(1, 2, "1 or 2")?),
            "workers" => self.workers = Some(argument.number(1, 64, "a number from 1 to 64")?),
            "chains_max" => self.chains_max = Some(argument.number(1, CHAINS_LIMIT, "a number from 1 to 16777216")?),
            "time_limit" => self.time_limit_ms = Some(argument.milliseconds()?),
            "deny" => self.denied = argument.verdicts()?,
            "allow" => self.allow(argument.allowed()?)?,
            "expect" => self.expected = Some(argument.expression()?),
            "crate" => self.krate = Some(argument.path()?),
            unknown => return Err(reject::unknown(argument.span, "argument", unknown, words::ARGUMENTS)),
        }
        Ok(())
    }

    fn allow(&mut self, allowed: Allowed) -> syn::Result<()> {
        let pattern = &allowed.pattern;
        if self.allowed.iter().any(|before| before.pattern.value() == pattern.value()) {
            return Err(reject::repeated(pattern.span(), &format!("allow({:?})", pattern.value())));
        }
        self.allowed.push(allowed);
        Ok(())
    }
}

/// An argument whose name has been read, and what stands behind it.
struct Argument<'a> {
    name: &'a str,
    span: Span,
    input: ParseStream<'a>,
}

impl Argument<'_> {
    /// Reads `= value`.
    fn value<T: Parse>(&self) -> syn::Result<T> {
        let value = self.input.parse::<Option<Token![=]>>().ok().flatten().map(|_| self.here());
        match value {
            Some(at) => self.input.parse().map_err(|_| reject::wrong_form(at, self.name)),
            None => Err(reject::wrong_form(self.here(), self.name)),
        }
    }

    /// Reads `(..)` to its end.
    fn list<T>(&self, read: impl FnOnce(ParseStream<'_>) -> Option<T>) -> syn::Result<T> {
        let content = || -> syn::Result<_> {
            let content;
            parenthesized!(content in self.input);
            Ok(content)
        };
        let at = self.here();
        let content = content().map_err(|_| reject::wrong_form(at, self.name))?;
        if content.is_empty() {
            return Err(reject::wrong_form(self.span, self.name));
        }
        let at = content.span();
        let list = read(&content).ok_or_else(|| reject::wrong_form(at, self.name))?;
        if content.is_empty() { Ok(list) } else { Err(reject::wrong_form(content.span(), self.name)) }
    }

    /// The next token, or the name if there is none.
    fn here(&self) -> Span {
        if self.input.is_empty() { self.span } else { self.input.span() }
    }

    fn variant(&self, known: Words) -> syn::Result<Ident> {
        let word: LitStr = self.value()?;
        variant(word.span(), self.name, &word.value(), known)
    }

    fn number(&self, least: u64, most: u64, takes: &str) -> syn::Result<Literal> {
        let number: LitInt = self.value()?;
        match number.base10_parse::<u64>() {
            Ok(value) if (least..=most).contains(&value) => Ok(unsuffixed(value, number.span())),
            _ => Err(reject::out_of_range(number.span(), self.name, &number.to_string(), takes)),
        }
    }

    fn milliseconds(&self) -> syn::Result<Literal> {
        let limit: LitStr = self.value()?;
        let text = limit.value();
        let milliseconds = milliseconds(&text).filter(|limit| (1..=TIME_LIMIT_MS_MAX).contains(limit));
        milliseconds.map(|value| unsuffixed(value, limit.span())).ok_or_else(|| {
            let takes = "whole milliseconds or seconds, up to a day: `\"500ms\"`, `\"2s\"`";
            reject::out_of_range(limit.span(), self.name, &format!("{text:?}"), takes)
        })
    }

    fn verdicts(&self) -> syn::Result<Vec<Ident>> {
        let words = self.list(|list| list.parse_terminated(Ident::parse_any, Token![,]).ok())?;
        let mut verdicts: Vec<Ident> = Vec::new();
        for word in words {
            let (span, word) = (word.span(), word.to_string());
            let verdict = variant(span, "verdict", &word, words::VERDICTS)?;
            if words::GOOD_VERDICTS.contains(&word.as_str()) {
                return Err(reject::good_verdict(span, &word));
            }
            if verdicts.contains(&verdict) {
                return Err(reject::repeated(span, &word));
            }
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }

    fn allowed(&self) -> syn::Result<Allowed> {
        let (pattern, reason) = self.list(|list| {
            let pattern: LitStr = list.parse().ok()?;
            let comma: Option<Token![,]> = list.parse().ok()?;
            if comma.is_none() || list.is_empty() {
                return Some((pattern, None));
            }
            let word = list.call(Ident::parse_any).ok()?;
            list.parse::<Token![=]>().ok()?;
            let reason: LitStr = list.parse().ok()?;
            list.parse::<Option<Token![,]>>().ok()?;
            (word == "reason").then_some((pattern, Some(reason)))
        })?;
        let Some(reason) = reason else { return Err(reject::no_reason(&pattern)) };
        for (what, text) in [("pattern", &pattern), ("reason", &reason)] {
            if text.value().trim().is_empty() {
                return Err(reject::empty(text.span(), what));
            }
        }
        Ok(Allowed { pattern, reason })
    }

    fn expression(&self) -> syn::Result<Expr> {
        self.list(|list| {
            let expression = list.parse().ok()?;
            list.parse::<Option<Token![,]>>().ok()?;
            Some(expression)
        })
    }

    fn path(&self) -> syn::Result<Path> {
        self.value::<ModStyle>().map(|path| path.0)
    }
}

/// A path without generic arguments.
struct ModStyle(Path);

impl Parse for ModStyle {
    fn parse(input: ParseStream<'_>) -> syn::Result<ModStyle> {
        input.call(Path::parse_mod_style).map(ModStyle)
    }
}

fn variant(span: Span, noun: &str, word: &str, known: Words) -> syn::Result<Ident> {
    match known.iter().find(|(name, _)| *name == word) {
        Some((_, variant)) => Ok(Ident::new(variant, Span::mixed_site().located_at(span))),
        None => Err(reject::unknown(span, noun, word, known)),
    }
}

fn unsuffixed(value: u64, span: Span) -> Literal {
    let mut literal = Literal::u64_unsuffixed(value);
    literal.set_span(span);
    literal
}

/// Reads `500ms` and `2s`.
fn milliseconds(text: &str) -> Option<u64> {
    let (number, factor) = match text.strip_suffix("ms") {
        Some(number) => (number, 1),
        None => (text.strip_suffix('s')?, 1000),
    };
    // `parse` alone would take a sign.
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse::<u64>().ok().filter(|_| digits)?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::{Args, milliseconds};
    use quote::ToTokens;

    fn parsed(args: &str) -> Args {
        syn::parse_str(args).unwrap_or_else(|error| panic!("{args}: {error}"))
    }

    fn refused(args: &str) -> String {
        syn::parse_str::<Args>(args).err().unwrap_or_else(|| panic!("taken: {args}")).to_string()
    }

    fn text(value: Option<impl ToTokens>) -> String {
        value.into_token_stream().to_string()
    }

    #[test]
    fn nothing_is_said_by_saying_nothing() {
        let args = parsed("");
        assert!(args.explorer.is_none() && args.mode.is_none() && args.depth.is_none() && args.krate.is_none());
        assert!(args.workers.is_none() && args.time_limit_ms.is_none() && args.chains_max.is_none());
        assert!(args.denied.is_empty() && args.allowed.is_empty() && args.expected.is_none());
    }

    #[test]
    fn every_argument_is_taken_in_any_order() {
        let mut said = [
            r#"explorer = "snapshot""#,
            r#"mode = "forbid""#,
            "depth = 2",
            "workers = 0x10_u8",
            r#"time_limit = "2s""#,
            "chains_max = 1_000",
            "deny(aborted, hung,)",
            r#"allow("grow", reason = "known")"#,
            "expect(|result| result.is_err(),)",
            "crate = crate::testing",
        ];
        for ends in [",", ""] {
            said.reverse();
            let args = parsed(&(said.join(", ") + ends));
            assert_eq!([text(args.explorer), text(args.mode)], ["Snapshot", "Forbid"]);
            assert_eq!([text(args.depth), text(args.workers), text(args.chains_max)], ["2", "16", "1000"]);
            assert_eq!(text(args.time_limit_ms), "2000");
            assert_eq!(args.denied, ["Aborted", "Hung"]);
            assert_eq!(text(args.expected), "| result | result . is_err ()");
            assert_eq!(text(args.krate), "crate :: testing");
            let allowed: Vec<_> = args.allowed.iter().map(|a| (a.pattern.value(), a.reason.value())).collect();
            assert_eq!(allowed, [("grow".to_owned(), "known".to_owned())]);
        }
    }

    #[test]
    fn findings_may_be_allowed_more_than_once() {
        assert_eq!(parsed(r#"allow("a", reason = "x"), depth = 1, allow("b", reason = "x",)"#).allowed.len(), 2);
        assert!(refused(r#"allow("a", reason = "x"), allow("a", reason = "y")"#).contains("is given twice"));
    }

    #[test]
    fn limits_are_whole_and_have_a_unit() {
        for (text, expected) in [
            ("500ms", Some(500)),
            ("2s", Some(2_000)),
            ("0s", Some(0)),
            ("18446744073709551615s", None),
            ("18446744073709551616ms", None),
            ("2", None),
            ("s", None),
            ("+2s", None),
            ("-2s", None),
            ("1.5s", None),
            ("2 s", None),
            ("2S", None),
            ("", None),
        ] {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
        assert_eq!(text(parsed(r#"time_limit = "86400s""#).time_limit_ms), "86400000");
        assert!(refused(r#"time_limit = "86400001ms""#).contains("up to a day"));
    }

    #[test]
    fn what_is_refused_comes_with_a_cure() {
        for (args, wrong) in [
            ("depth = 0", "`depth` cannot be 0"),
            ("depth = 3", "`depth` cannot be 3"),
            ("workers = 65", "`workers` cannot be 65"),
            ("chains_max = 0", "`chains_max` cannot be 0"),
            ("chains_max = 16777217", "`chains_max` cannot be 16777217"),
            ("chains_max = 99999999999999999999", "`chains_max` cannot be"),
            ("depth = 1, depth = 1", "`depth` is given twice"),
            ("deny(hung), deny(hung)", "`deny` is given twice"),
            ("deny(recovered)", "ended well"),
            ("deny(Aborted)", "did you mean `aborted`?"),
            (r#"mode = "stikcy""#, "did you mean `sticky`?"),
            ("exclude = 1", "unknown argument `exclude`"),
            ("depth 1", "`depth` is not written like this"),
            ("depth =", "`depth` is not written like this"),
            ("expect", "`expect` is not written like this"),
            ("crate = a<b>", "separate arguments by `,`"),
            (r#"allow("a")"#, "for a reason"),
            (r#"allow("a",)"#, "for a reason"),
            (r#"allow("a", reason = "")"#, "the reason is empty"),
            (r#"allow("a", because = "b")"#, "`allow` is not written like this"),
            (r#"allow("a", reason = "b", "c")"#, "`allow` is not written like this"),
        ] {
            let refusal = refused(args);
            let (said, cure) = refusal.split_once("\nhelp: ").unwrap_or_else(|| panic!("{args}: {refusal}"));
            assert!((said.contains(wrong) || cure.contains(wrong)) && !cure.is_empty(), "{args}: {refusal}");
        }
    }
}
