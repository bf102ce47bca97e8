//! The comparison of a form as it is with the same form annotated.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use firsthit::__private::{Excuse, FUNCTIONS, Function, Kind, Point};

/// Every form runs on these; they fail where a bit is set.
const INPUTS: std::ops::Range<u32> = 0..4;

/// Writes each form into two modules, the second of them annotated, and a test that compares them.
///
/// A point is expected as what became of it on each input (`-`: not reached, `o`: reached, `X`: ran), its kind and text, and
/// behind `<-` the point that its failure comes from. Behind `!` stands its excuse.
macro_rules! forms {
    ($($name:ident $(($($args:tt)*))? { $($body:tt)* } [$($(#[$condition:meta])? $expected:literal)*])*) => {
        $(mod $name {
            mod plain {
                #[allow(unused_imports)]
                use crate::prelude::*;
                $($body)*
            }
            #[firsthit::instrument $(($($args)*))?]
            mod annotated {
                #[allow(unused_imports)]
                use crate::prelude::*;
                $($body)*
            }

            #[test]
            fn is_annotated_without_a_trace() {
                crate::compare::compare(concat!(module_path!(), "::annotated"), plain::run, annotated::run, &[$($(#[$condition])? $expected),*]);
            }
        })*
    };
}
pub(crate) use forms;

pub(crate) fn compare(module: &str, plain: fn(u32) -> String, annotated: fn(u32) -> String, expected: &[&str]) {
    let functions = declared(module);
    let mut seen: BTreeMap<(String, usize), String> = BTreeMap::new();
    for input in INPUTS {
        assert_eq!(
            super::prelude::observed(|| annotated(input)),
            super::prelude::observed(|| plain(input)),
            "on input {input}"
        );
        reset(&functions);
        super::prelude::observed(|| annotated(input));
        for function in &functions {
            for (place, point) in function.points().enumerate() {
                let mark = ["-", "o", "?", "X"][usize::from(point.cell.seen.load(Relaxed))];
                seen.entry((function.name.to_owned(), place)).or_default().push_str(mark);
            }
        }
    }
    let mut found = Vec::new();
    for function in &functions {
        for (place, point) in function.points().enumerate() {
            stands_where_it_says(function, &point);
            let seen = &seen[&(function.name.to_owned(), place)];
            found.push(shown(function, &point, seen));
        }
    }
    assert_eq!(
        found,
        expected,
        "\n{}\n",
        found.iter().fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "        {line:?}");
            text
        })
    );
}

/// The functions of a module and of those in it.
fn declared(module: &str) -> Vec<&'static Function> {
    let inside = |function: &&Function| {
        function.module.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let mut functions: Vec<_> = FUNCTIONS.iter().filter(inside).collect();
    functions.sort_by_key(|function| function.points().next().map(|point| (point.line, point.column)));
    functions
}

fn reset(functions: &[&Function]) {
    functions.iter().flat_map(|function| function.cells).for_each(|cell| cell.seen.store(0, Relaxed));
}

fn shown(function: &Function, point: &Point, seen: &str) -> String {
    let mut text = String::new();
    if function.name != "run" {
        let _ = write!(text, "{}: ", function.name);
    }
    let _ = write!(text, "{seen} {:?} {}", point.kind, point.text);
    if point.ordinal > 0 {
        let _ = write!(text, " #{}", point.ordinal);
    }
    if let Some(site) = point.site {
        let _ = write!(text, " <- {site}");
    }
    match point.excuse {
        Excuse::None => {}
        Excuse::Untested(reason) => _ = write!(text, " ! untested: {reason}"),
        Excuse::Benign(reason) => _ = write!(text, " ! benign: {reason}"),
    }
    text
}

/// The source has at the point's line and column what it is.
fn stands_where_it_says(function: &Function, point: &Point) {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|folder| folder.join("Cargo.lock").exists()).unwrap();
    let path = root.join(function.file);
    let source = fs::read_to_string(path).unwrap();
    let line = source.lines().nth(point.line as usize - 1).unwrap();
    let rest: String = line.chars().skip(point.column as usize - 1).collect();
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let stands = match point.kind {
        Kind::Question => rest.starts_with('?'),
        Kind::IfLet | Kind::NoElse | Kind::LetUnderscore => name == "let",
        Kind::IfLetElse | Kind::LetElse => name == "else",
        Kind::MatchArm => point.text.starts_with(rest.chars().next().unwrap()),
        Kind::Site => point.text.contains(&name) && !name.is_empty(),
        method => method.as_str() == format!(".{name}()"),
    };
    assert!(stands, "{}:{}:{} is {rest:?}, not {point:?}", function.file, point.line, point.column);
}
