//! Made-up symbols and findings for this room's tests.

use super::finding::{Chain, Finding, Kind, Request, What};
use crate::symbols::Symbol;
use crate::verdict::Verdict;

/// A symbol from `function`, or from `function file:line:column` with a file of the demo, of std or, below `dep/`, of
/// a dependency.
pub(super) fn symbol(text: &str) -> Symbol {
    let placed = text.rsplit_once(' ').filter(|(_, place)| place.contains(".rs:"));
    let Some((function, place)) = placed else {
        return Symbol { function: text.to_owned(), file: None, line: None, column: None };
    };
    let mut parts = place.split(':');
    let path = parts.next().unwrap();
    let file = match path.split_once('/') {
        Some(("dep", path)) => format!("/home/ann/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/{path}"),
        Some(("alloc" | "core" | "std" | "test", _)) => format!("/rustc/59807616e1fa2540724b/library/{path}"),
        _ => format!("/home/ann/demo/{path}"),
    };
    let mut number = || parts.next().map(|number| number.parse().unwrap());
    Symbol { function: function.to_owned(), file: Some(file.into()), line: number(), column: number() }
}

pub(super) fn chain(functions: &[&str]) -> Chain {
    functions.iter().map(|function| symbol(function)).collect()
}

pub(super) fn finding(verdict: Verdict, functions: &[&str]) -> Finding {
    Finding {
        verdict,
        failed: What::Request(Request { kind: Kind::Alloc, size: 64, align: 8, new_size: 0 }),
        chain: chain(functions),
        spawned_by: None,
        second: None,
        second_failed: None,
        evidence: Vec::new(),
        leaks: Vec::new(),
        stood: None,
        forbidden: None,
        replay: "cargo firsthit replay 0123abcd".to_owned(),
    }
}
