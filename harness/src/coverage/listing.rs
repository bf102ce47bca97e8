//! What is told of coverage: how much there is, and which recovery paths are untested, a line each.

use std::cmp::Reverse;
use std::fmt::{self, Formatter};

use super::entry::{Entry, Mark};
use super::model::{Model, Totals};
use super::state::State;
use crate::explain::escape;

/// So many untested paths are listed where nothing else is asked for.
const SHORT: usize = 20;

/// How much is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Length {
    Summary,
    /// Every path.
    List,
}

/// The variable that says how much is told.
pub(crate) const VARIABLE: &str = "FIRSTHIT_COVERAGE";

impl Length {
    /// What a value of [`VARIABLE`] asks for; `None` for nothing at all.
    ///
    /// # Errors
    /// Names the values that it takes.
    pub(crate) fn from_word(word: &str) -> Result<Option<Length>, String> {
        match word {
            "off" => Ok(None),
            "summary" => Ok(Some(Length::Summary)),
            "list" => Ok(Some(Length::List)),
            _ => Err(format!("{VARIABLE}={}: it takes off, summary or list", word.escape_debug())),
        }
    }
}

/// The text, which ends with a line break.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listing<'a> {
    pub(crate) model: &'a Model,
    pub(crate) length: Length,
}

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let totals = self.model.totals();
        sums(f, &totals)?;
        let mut arms: Vec<&Entry> = self.model.arms().collect();
        arms.sort_by_key(|entry| (Reverse(entry.tally.hits), &entry.facts));
        let pick = |wanted: &dyn Fn(&Entry) -> bool| -> Vec<&Entry> {
            arms.iter().copied().filter(|entry| wanted(entry)).collect()
        };
        let untested = pick(&|entry| entry.state() != State::Tested && !entry.is_excused());
        self.section(f, "untested recovery paths, the most called first:", &untested, |entry| self.why(entry))?;
        let stale = pick(&Entry::is_stale);
        self.section(f, "marked, and tested all the same: remove the mark", &stale, marked)?;
        let excused = pick(&Entry::is_excused);
        self.section(f, "excused:", &excused, marked)
    }
}

fn sums(f: &mut Formatter<'_>, totals: &Totals) -> fmt::Result {
    let counts = State::ALL.into_iter().zip(totals.states).filter(|(_, count)| *count > 0);
    let mut parts: Vec<String> = counts.map(|(state, count)| format!("{count} {}", state.as_str())).collect();
    if totals.excused > 0 {
        parts.push(format!("{} excused", totals.excused));
    }
    let (tested, wanted, percent) = (totals.tested(), totals.wanted(), totals.percent());
    let paths = if wanted == 1 { "path" } else { "paths" };
    write!(f, "firsthit: ")?;
    // A program that has fail points alone is not told of paths that it does not declare.
    if totals.arms > 0 {
        write!(f, "{tested} of {wanted} recovery {paths} tested")?;
        if wanted > 0 {
            write!(f, " ({percent}%)")?;
        }
        writeln!(f, ": {}", parts.join(", "))?;
    }
    let Totals { sites, sites_reached, sites_failed, .. } = totals;
    match sites {
        // Then no sweep can bring a failure to its arms.
        0 => writeln!(
            f,
            "0 sites: no call in it is known to fail; name those that do in `instrument(calls(\"..\"))`, or put a `fail_point!` into \
             them"
        ),
        1 => writeln!(f, "1 site: {sites_reached} called, {sites_failed} with a failure injected"),
        _ => writeln!(f, "{sites} sites: {sites_reached} called, {sites_failed} with a failure injected"),
    }
}

fn marked(entry: &Entry) -> String {
    match &entry.facts.mark {
        Some(Mark::Untested(reason)) => format!("untested: {reason}"),
        Some(Mark::Benign(reason)) => format!("benign: {reason}"),
        None => String::new(),
    }
}

impl Listing<'_> {
    fn section(
        &self,
        f: &mut Formatter<'_>,
        title: &str,
        entries: &[&Entry],
        why: impl Fn(&Entry) -> String,
    ) -> fmt::Result {
        if entries.is_empty() {
            return Ok(());
        }
        writeln!(f, "{title}")?;
        let shown = if self.length == Length::List { entries.len() } else { SHORT.min(entries.len()) };
        for entry in &entries[..shown] {
            let place = &entry.facts.place;
            let (file, function) = (escape::line(&place.file), escape::name(&entry.facts.function));
            let (kind, why) = (entry.facts.kind.0.as_str(), escape::line(&why(entry)));
            writeln!(f, "  {file}:{}:{}  {function}  {kind}  {why}", place.line, place.column)?;
        }
        match entries.len() - shown {
            0 => Ok(()),
            more => writeln!(f, "  … and {more} more: FIRSTHIT_COVERAGE=list"),
        }
    }

    /// Why an arm is not tested.
    fn why(&self, entry: &Entry) -> String {
        let state = entry.state();
        let word = state.as_str();
        match state {
            State::OnlyBadly => {
                let verdicts = entry.tally.verdicts().map(|(verdict, count)| format!("{count} {verdict}"));
                format!("{word}: {}", verdicts.collect::<Vec<_>>().join(", "))
            }
            State::NeverFailed => {
                let site = entry.facts.site.and_then(|site| self.model.entries.get(&site));
                match site.map(|site| (site, site.tally.injections())) {
                    Some((site, 0)) if site.tally.hits > 0 => {
                        format!("{word}: no failure was injected in `{}`", escape::name(&site.facts.text))
                    }
                    Some((site, count)) if count > 0 => {
                        let failures = if count == 1 { "the failure" } else { "none of the failures" };
                        let came = if count == 1 { "did not come here" } else { "came here" };
                        format!("{word}: {failures} injected in `{}` {came}", escape::name(&site.facts.text))
                    }
                    _ => word.to_owned(),
                }
            }
            _ => word.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotation::Kind;
    use crate::coverage::sample::{id, plain};
    use crate::verdict::Verdict;

    fn model() -> Model {
        let mut model = Model::default();
        let mut add = |number, kind, text, change: &dyn Fn(&mut Entry)| {
            let mut entry = plain(kind, text, number as u32);
            change(&mut entry);
            model.add(id(number), entry);
        };
        let called = |entry: &mut Entry, hits| (entry.tally.reached, entry.tally.hits) = (true, hits);
        add(1, Kind::Site, "grow(n)", &|entry| {
            called(entry, 9);
            entry.tally.add(Verdict::Recovered);
        });
        add(2, Kind::Question, "grow(n)?", &|entry| {
            called(entry, 9);
            entry.tally.add(Verdict::Recovered);
        });
        add(3, Kind::Site, "len()", &|entry| called(entry, 7));
        add(4, Kind::Question, "len()?", &|entry| {
            called(entry, 7);
            entry.facts.site = Some(id(3));
        });
        add(5, Kind::Ok, "grow(1).ok()", &|entry| {
            called(entry, 8);
            entry.facts.site = Some(id(1));
        });
        add(6, Kind::LetElse, "Some(x) = y", &|entry| {
            called(entry, 0);
            entry.tally.add(Verdict::Leaked);
            entry.tally.add(Verdict::Leaked);
            entry.tally.add(Verdict::Hung);
        });
        add(7, Kind::MatchArm, "Err(e)", &|_| ());
        add(8, Kind::IfLet, "Err(e)", &|entry| entry.facts.mark = Some(Mark::Untested("no\u{1b}terminal".to_owned())));
        add(9, Kind::UnwrapOrDefault, "x()", &|entry| {
            entry.facts.mark = Some(Mark::Untested("a hint".to_owned()));
            entry.tally.add(Verdict::Absorbed);
        });
        // Tested, and what failed may be dropped: both hold.
        add(11, Kind::LetUnderscore, "_ = x()", &|entry| {
            entry.facts.mark = Some(Mark::Benign("a cache".to_owned()));
            entry.tally.add(Verdict::Absorbed);
        });
        add(10, Kind::IsNull, "p.is_null()", &|entry| (entry.tally.reached, entry.tally.ran) = (true, true));
        model
    }

    #[test]
    fn a_listing_reads_like_this() {
        let expected = "\
firsthit: 3 of 8 recovery paths tested (37%): 3 tested, 1 ran only under failures that ended badly, \
1 ran only without an injected failure, 2 reached but never failed, 1 never reached, 1 excused
2 sites: 2 called, 1 with a failure injected
untested recovery paths, the most called first:
  src/cache.rs:5:9  cache::Cache<K, V>::insert  .ok()  reached but never failed: the failure injected in `grow(n)` did \
not come here
  src/cache.rs:4:9  cache::Cache<K, V>::insert  ?  reached but never failed: no failure was injected in `len()`
  src/cache.rs:6:9  cache::Cache<K, V>::insert  let … else  ran only under failures that ended badly: 1 hung, 2 leaked
  src/cache.rs:7:9  cache::Cache<K, V>::insert  match arm  never reached
  src/cache.rs:10:9  cache::Cache<K, V>::insert  .is_null()  ran only without an injected failure
marked, and tested all the same: remove the mark
  src/cache.rs:9:9  cache::Cache<K, V>::insert  .unwrap_or_default()  untested: a hint
excused:
  src/cache.rs:8:9  cache::Cache<K, V>::insert  if let  untested: no\\u{1b}terminal
";
        assert_eq!(Listing { model: &model(), length: Length::Summary }.to_string(), expected);
    }

    #[test]
    fn of_fail_points_alone_no_paths_are_told() {
        let mut model = Model::default();
        model.add(id(1), plain(Kind::FailPoint, "the disk is full", 3));
        let told = Listing { model: &model, length: Length::Summary }.to_string();
        assert_eq!(told, "firsthit: 1 site: 0 called, 0 with a failure injected\n");
    }

    #[test]
    fn a_long_list_is_cut_unless_it_is_asked_for() {
        let mut model = Model::default();
        for number in 1..=25 {
            model.add(id(number), plain(Kind::Question, "x()?", number as u32));
        }
        let told = |length| Listing { model: &model, length }.to_string();
        assert!(told(Length::Summary).contains("\n0 sites: no call in it is known to fail; name those that do"));
        assert!(told(Length::Summary).ends_with("  … and 5 more: FIRSTHIT_COVERAGE=list\n"));
        assert_eq!(told(Length::Summary).lines().count(), 24);
        assert_eq!(told(Length::List).lines().count(), 28);
        assert!(told(Length::List).starts_with("firsthit: 0 of 25 recovery paths tested (0%): 25 never reached\n"));
    }
}
