//! Expectations as they are read, applied and written.

use camino::Utf8Path;
use firsthit::Verdict;

use super::accept::{accept, entry_text};
use super::apply::{Applied, Standing, apply};
use super::date::Date;
use super::file::Expectations;
use crate::results::outcome::Outcome;
use crate::results::sample::{chain_id, frame, outcome};

const BAD: [Verdict; 4] = [Verdict::Aborted, Verdict::Leaked, Verdict::Hung, Verdict::Unusable];

fn parse(text: &str) -> Expectations {
    Expectations::parse(Utf8Path::new("e.toml"), text).unwrap_or_else(|error| panic!("{error}"))
}

/// On the first of February 2026.
fn applied(text: &str, outcomes: &[Outcome], complete: bool) -> Applied {
    let outcomes: Vec<&Outcome> = outcomes.iter().collect();
    apply(&parse(text), &outcomes, &BAD, complete, Date::at(1_769_904_000_000_000))
}

fn expected(reason: &str) -> Standing {
    Standing::Expected(reason.to_owned())
}

#[test]
fn a_known_finding_passes_with_its_reason() {
    let text = "
        [[expected]]
        chain = 'demo::store::*'
        verdict = ['aborted', 'leaked']
        reason = 'known'

        [[expected]]
        id = '3c6ef372fe94f82b'
        test = 'a::*'
        verdict = 'hung'
        reason = 'slow'
        expires = 2026-02-01";
    let outcomes = [
        outcome("a::x", 1, Verdict::Aborted),
        outcome("a::x", 2, Verdict::Hung),
        outcome("b::x", 2, Verdict::Hung),
        outcome("b", 3, Verdict::Leaked),
        outcome("b", 4, Verdict::Recovered),
        // A verdict that this run does not look for.
        outcome("b", 5, Verdict::Crashed),
    ];
    let Applied { standings, stale, expired } = applied(text, &outcomes, true);
    let note = Standing::Finding(Some("e.toml:2 expects aborted or leaked, not hung".to_owned()));
    assert_eq!(
        standings,
        [expected("known"), expected("slow"), note, expected("known"), Standing::Passed, Standing::Passed]
    );
    assert_eq!((stale, expired), (vec![], vec![]));
}

#[test]
fn the_spawning_place_of_a_thread_counts_to_the_chain() {
    let text = "[[expected]]\nchain = 'demo::pool::start'\nverdict = 'aborted'\nreason = 'known'";
    let mut outcome = outcome("a", 1, Verdict::Aborted);
    assert_eq!(applied(text, std::slice::from_ref(&outcome), false).standings, [Standing::Finding(None)]);
    outcome.spawned_by = vec![frame("demo::pool::start", "src/pool.rs", 1, crate::chains::frame::Owner::Workspace)];
    assert_eq!(applied(text, &[outcome], false).standings, [expected("known")]);
}

#[test]
fn an_entry_that_excuses_nothing_is_stale() {
    let text = "
        [[expected]]
        chain = 'gone::f'
        verdict = 'aborted'
        reason = 'known'
        [[expected]]
        chain = 'demo::load'
        verdict = 'leaked'
        reason = 'known'
        [[expected]]
        id = '9e3779b97f4a'
        verdict = 'leaked'
        reason = 'known'
        [[expected]]
        id = '3c6ef372fe94'
        verdict = 'leaked'
        reason = 'known'";
    let outcomes = [outcome("a", 1, Verdict::Recovered), outcome("a", 3, Verdict::Absorbed)];
    let all = applied(text, &outcomes, true).stale;
    assert_eq!(
        all,
        [
            "e.toml:2: chain gone::f: matches no chain: take the entry out",
            "e.toml:6: chain demo::load: expects leaked, and what it matches ends well now: take the entry out",
            "e.toml:10: id 9e3779b97f4a: expects leaked, and what it matches ends well now: take the entry out",
            "e.toml:14: id 3c6ef372fe94: matches no chain: take the entry out",
        ]
    );
    // Of what was not tried, nothing is known: only the very chain that was is.
    assert_eq!(applied(text, &outcomes, false).stale, all[2..3]);
    // One of several still ends so; of another end the finding tells.
    let one = [outcome("a", 1, Verdict::Recovered), outcome("a", 3, Verdict::Leaked)];
    assert_eq!(applied(text, &one, true).stale.len(), 3);
    let other = [outcome("a", 1, Verdict::Aborted)];
    assert_eq!(applied(text, &other, true).stale, [all[0].as_str(), all[3].as_str()]);
}

#[test]
fn another_bad_end_than_the_expected_is_a_finding_and_says_so() {
    let text = "[[expected]]\nid = '9e3779b97f4a'\nverdict = 'leaked'\nreason = 'known'";
    let Applied { standings, stale, .. } = applied(text, &[outcome("a", 1, Verdict::Aborted)], true);
    assert_eq!(standings, [Standing::Finding(Some("e.toml:1 expects leaked, not aborted".to_owned()))]);
    assert_eq!(stale, [""; 0]);
}

#[test]
fn an_expired_entry_excuses_nothing_and_is_named() {
    let text = "[[expected]]\nid = '9e3779b97f4a'\nverdict = 'leaked'\nreason = 'soon'\nexpires = 2026-01-31";
    let Applied { standings, stale, expired } = applied(text, &[outcome("a", 1, Verdict::Leaked)], true);
    assert_eq!(standings, [Standing::Finding(Some("e.toml:1 excused this until 2026-01-31".to_owned()))]);
    assert_eq!(stale, [""; 0]);
    let named = "e.toml:1: id 9e3779b97f4a: has expired on 2026-01-31: fix it, or give it another day and reason";
    assert_eq!(expired, [named]);
    // Another entry can still hold.
    let text = format!("{text}\n[[expected]]\nchain = 'demo::load'\nverdict = 'leaked'\nreason = 'later'");
    assert_eq!(applied(&text, &[outcome("a", 1, Verdict::Leaked)], true).standings, [expected("later")]);
}

#[test]
fn what_is_wrong_is_told_with_line_field_and_cure() {
    let id = "id = '9e3779b97f4a'\n";
    let full = format!("[[expected]]\n{id}verdict = 'leaked'\n");
    for (text, told) in [
        (format!("{full}reason = ''"), "e.toml:4: reason: it is empty: say why"),
        (format!("{full}reason = '  '"), "e.toml:4: reason: it is empty: say why"),
        (full.clone(), "e.toml:1: reason: it is missing: say why"),
        (format!("[[expected]]\n{id}reason = 'x'"), "e.toml:1: verdict: it is missing: say what"),
        ("[[expected]]\nverdict = 'leaked'\nreason = 'x'".to_owned(), "e.toml:1: chain: it says of no chain"),
        (format!("{full}reason = 'x'\nchain = 'a::b'"), "e.toml:2: id: an entry has chain or id, not both"),
        (format!("\n\n{full}reason = 'x'\nverdict2 = 'x'"), "e.toml:7: unknown field `verdict2`, expected one of"),
        (
            format!("[[expected]]\n{id}verdict = 'leeked'\nreason = 'x'"),
            "e.toml:3: verdict: unknown verdict \"leeked\": expected one of",
        ),
        (format!("[[expected]]\n{id}verdict = ['leaked', 3]\nreason = 'x'"), "e.toml:3: verdict: 3 is no verdict"),
        (format!("[[expected]]\n{id}verdict = []\nreason = 'x'"), "e.toml:3: verdict: the list is empty"),
        (
            format!("[[expected]]\n{id}verdict = 'recovered'\nreason = 'x'"),
            "e.toml:3: verdict: recovered is how it should end",
        ),
        (
            format!("{full}reason = 'x'\nexpires = 2027-01-31T10:00:00Z"),
            "e.toml:5: expires: 2027-01-31T10:00:00Z is not a day",
        ),
        (format!("{full}reason = 'x'\nexpires = '2027-01-31'"), "e.toml:5: "),
        (format!("{full}reason = 'x'\ntest = '*'"), "e.toml:5: test: \"*\" would match everything"),
        ("[[expected]]\nchain = ''".to_owned(), "e.toml:2: chain: \"\" would match everything"),
        ("[[expected]]\nid = 'abc'".to_owned(), "e.toml:2: id: \"abc\" is no chain's identity: copy its 12 to 32"),
        ("[[expected]]\nid = 'xyzxyzxyzxyz'".to_owned(), "e.toml:2: id: \"xyzxyzxyzxyz\" is no chain's identity"),
        ("[[expect]]\n".to_owned(), "e.toml:1: unknown field `expect`"),
        ("\n[[expected]\n".to_owned(), "e.toml:2: "),
        ("expected = 3".to_owned(), "e.toml:1: invalid type"),
    ] {
        let error = Expectations::parse(Utf8Path::new("e.toml"), &text).unwrap_err().to_string();
        assert!(error.starts_with(told), "{text}\n{error}\n{told}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn without_a_file_nothing_is_expected_and_what_is_no_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    assert_eq!(Expectations::read(&folder.join("none.toml")).unwrap().entries, []);
    let error = Expectations::read(folder).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot read {folder}")), "{error}");
    std::fs::write(folder.join("bytes.toml"), b"# \xff\n").unwrap();
    assert!(Expectations::read(&folder.join("bytes.toml")).is_err());
}

#[test]
fn an_accepted_finding_is_expected_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join(".config/e.toml");
    let mut odd = outcome("a", 2, Verdict::Leaked);
    odd.test.binary = "a b*\n\"'".to_owned();
    odd.chain[1].function = "f\n[[expected]]".to_owned();
    let outcomes = [outcome("a::b", 1, Verdict::Aborted), odd];
    let refused = accept(&path, &[&outcomes[0]], " ").unwrap_err().to_string();
    assert!(refused.contains("reason: it is empty") && !path.exists(), "{refused}");

    accept(&path, &[&outcomes[0]], "the \"first\" one's").unwrap();
    let mut text = std::fs::read_to_string(&path).unwrap();
    // A person has edited it, and left out the last end of line.
    text.push_str("# note");
    std::fs::write(&path, &text).unwrap();
    accept(&path, &[&outcomes[1]], "second").unwrap();
    let whole = std::fs::read_to_string(&path).unwrap();
    assert!(whole.starts_with(&text) && whole.starts_with("# Findings"), "{whole}");
    assert!(whole.contains("# demo::store::insert at src/store.rs:12, Vec::push: malloc of 64 bytes"), "{whole}");
    assert!(whole.contains("test = \"demo a::b\""), "{whole}");
    let Applied { standings, stale, .. } = applied(&whole, &outcomes, true);
    assert_eq!(standings, [expected("the \"first\" one's"), expected("second")]);
    assert_eq!(stale, [""; 0]);
    // The same chain of another test is not meant.
    assert_eq!(applied(&whole, &[outcome("c", 1, Verdict::Aborted)], false).standings, [Standing::Finding(None)]);

    std::fs::write(&path, "[[expected]]\n").unwrap();
    assert!(accept(&path, &[&outcomes[0]], "x").is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "[[expected]]\n");
    assert!(entry_text(&outcomes[0], "").contains("reason = \"\"  # why"));
    assert_eq!(outcomes[0].id, chain_id(1));
}
