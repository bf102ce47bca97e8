//! A page written: the fixed files that are carried in the tool, the data, and the page itself.

use camino::{Utf8Path, Utf8PathBuf};

use super::folder::PageFolder;
use super::index;
use super::report::{CHUNK, Data};
use super::script;
use super::subject::Subject;
use crate::trouble::Trouble;

/// The styles, in their order.
pub(super) const STYLES: [&str; 5] = [
    include_str!("../../page/style/1-theme.css"),
    include_str!("../../page/style/2-base.css"),
    include_str!("../../page/style/3-parts.css"),
    include_str!("../../page/style/4-tree.css"),
    include_str!("../../page/style/5-source.css"),
];

/// What is done before anything is painted.
const THEME: &str = include_str!("../../page/script/theme.js");

/// The script, in the order in which its parts need each other.
const SCRIPTS: [&str; 15] = [
    include_str!("../../page/script/01-base.js"),
    include_str!("../../page/script/02-model.js"),
    include_str!("../../page/script/03-load.js"),
    include_str!("../../page/script/04-route.js"),
    include_str!("../../page/script/05-list.js"),
    include_str!("../../page/script/06-filter.js"),
    include_str!("../../page/script/07-lists.js"),
    include_str!("../../page/script/08-copy.js"),
    include_str!("../../page/script/09-chain.js"),
    include_str!("../../page/script/10-icicle.js"),
    include_str!("../../page/script/11-outline.js"),
    include_str!("../../page/script/12-tree.js"),
    include_str!("../../page/script/13-source.js"),
    include_str!("../../page/script/14-search.js"),
    include_str!("../../page/script/15-start.js"),
];

/// Writes the page of a subject into a folder, and returns what is to be opened.
///
/// # Errors
/// The folder holds something else, or cannot be written.
pub(crate) fn write(subject: &Subject<'_>, folder: &Utf8Path) -> Result<Utf8PathBuf, Trouble> {
    let folder = PageFolder::make(folder)?;
    folder.fixed("page.css", &STYLES.concat())?;
    folder.fixed("theme.js", THEME)?;
    // One scope for all parts, in which nothing of the page's can be met by accident.
    folder.fixed("page.js", &format!("(function () {{\n\"use strict\";\n{}}})();\n", SCRIPTS.join("\n")))?;
    let data = Data::of(subject);
    for (nth, chunk) in data.details.chunks(CHUNK).enumerate() {
        folder.data(&format!("details-{nth}.js"), &script::call("details", &[&nth, &chunk]))?;
    }
    for (nth, lines) in data.sources.iter().enumerate() {
        if let Some(lines) = lines {
            folder.data(&format!("source-{nth}.js"), &script::call("source", &[&nth, lines]))?;
        }
    }
    folder.data("report.js", &script::call("report", &[&data.report]))?;
    let html =
        index::html(subject, &data).map_err(|error| Trouble::internal(format!("the page's template: {error}")))?;
    folder.page(&html)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use firsthit::Verdict;
    use firsthit::coverage::door::{Point, Progress};

    use super::*;
    use crate::chains::chain_id::ChainId;
    use crate::contents::arms::Arms;
    use crate::contents::cause::Cause;
    use crate::contents::gather::{Contents, Measures};
    use crate::contents::previous::{Previous, Trend};
    use crate::expectations::file::Expectations;
    use crate::results::plan::Plan;
    use crate::results::run_result::RunResult;
    use crate::results::sample::{outcome, swept, test_id};

    /// A project with a source, and the contents of a result of `chains` chains, of which every fourth leaks.
    fn contents(root: &Utf8Path, chains: u32) -> Contents {
        fs::create_dir_all(root.join("src")).unwrap();
        fs::write(root.join("src/store.rs"), "// </script>\n").unwrap();
        let mut result = RunResult::new(Plan::new(std::collections::BTreeMap::new(), None, Vec::new()));
        for number in 0..chains {
            let verdict = if number % 4 == 0 { Verdict::Leaked } else { Verdict::Recovered };
            let outcome = outcome("a", u128::from(number) + 1, verdict);
            result.outcomes.insert((outcome.test.clone(), outcome.id), outcome);
        }
        result.swept.insert((test_id("a"), 1), swept("a", chains));
        let expectations = Expectations { path: root.join("none.toml"), entries: Vec::new() };
        Contents::of(result, Measures { expectations: &expectations, findings: &[Verdict::Leaked] }, Some(root))
    }

    /// The value that a script of ours tells.
    fn told(folder: &Utf8Path, name: &str) -> serde_json::Value {
        let script = fs::read_to_string(folder.join("data").join(name)).unwrap();
        assert!(!script.contains('<'), "{name}");
        let arguments = script.split_once('(').unwrap().1.strip_suffix(");\n").unwrap();
        serde_json::from_str(&format!("[{arguments}]")).unwrap()
    }

    #[test]
    fn every_chain_is_in_the_page_once_with_its_details() {
        let made = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(made.path()).unwrap();
        let (chains, folder) = (u32::try_from(CHUNK).unwrap() + 3, root.join("html"));
        let contents = contents(root, chains);
        let page = write(&Subject::new(&contents, "demo".to_owned()), &folder).unwrap();
        let report = &told(&folder, "report.js")[0];
        let ids: BTreeSet<_> = report["chains"]["id"].as_array().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(ids.len(), usize::try_from(chains).unwrap());
        let details = [told(&folder, "details-0.js"), told(&folder, "details-1.js")];
        let count = |chunk: &serde_json::Value| chunk[1].as_array().unwrap().len();
        assert_eq!(details.each_ref().map(count), [CHUNK, 3]);
        // The worst verdict's chains come first, and belong to one cause.
        let leaked = usize::try_from(chains).unwrap().div_ceil(4);
        let causes: Vec<i64> =
            report["chains"]["cause"].as_array().unwrap().iter().filter_map(serde_json::Value::as_i64).collect();
        assert!(causes[..leaked].iter().all(|cause| *cause == 0) && causes[leaked..].iter().all(|cause| *cause == -1));
        assert_eq!(report["causes"]["level"], serde_json::json!([2]));
        let evidence = details[0][1][0]["evidence"][0].as_str().unwrap();
        assert!(evidence.starts_with("chain ") && evidence.ends_with(" ended"), "{evidence}");
        assert_eq!(told(&folder, "source-1.js")[1], serde_json::json!(["// </script>"]));

        let html = fs::read_to_string(page).unwrap();
        assert!(
            html.contains("51 findings, 1 cause") && html.contains("203 call chains of 1 test failed once each."),
            "{html}"
        );
        assert!(html.contains("cargo firsthit replay") && html.contains("Vec::push in demo::store::insert"));
        // Nothing is loaded from elsewhere.
        for text in [
            &html,
            &fs::read_to_string(folder.join("page.css")).unwrap(),
            &fs::read_to_string(folder.join("page.js")).unwrap(),
        ] {
            let elsewhere = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!elsewhere.contains("http:") && !elsewhere.contains("https:") && !elsewhere.contains("url("));
        }
    }

    #[test]
    fn what_is_new_what_is_gone_and_what_is_tested_is_told() {
        let made = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(made.path()).unwrap();
        let mut contents = contents(root, 8);
        let now = contents.causes[0].clone();
        let then = Cause { asked: "Box::new".to_owned(), fingerprint: ChainId::of(["then"]), ..now.clone() };
        let trend = Trend {
            new: BTreeSet::from([now.fingerprint]),
            gone: BTreeSet::from([then.fingerprint]),
            ..Trend::default()
        };
        let verdicts = contents.verdicts();
        contents.previous =
            Some(Previous { name: "r".to_owned(), begun: 60_000_000, verdicts, trend, causes: vec![then] });
        let arm = |line, state| Point { line, state, ..crate::page::subject::sample_point() };
        let points = vec![arm(1, Progress::Tested), arm(2, Progress::NeverFailed), arm(3, Progress::NeverReached)];
        contents.arms = Some(Arms { points, ..Arms::default() });
        let folder = root.join("html");
        let page = write(&Subject::new(&contents, "demo".to_owned()), &folder).unwrap();
        let html = fs::read_to_string(page).unwrap();
        for part in [
            "<b>1</b> new",
            "<b>1</b> gone",
            "<b>0</b> the same",
            "the run of 1970-01-01 00:01 UTC",
            "Box::new in demo::store::insert",
            "1 of 3 recovery arms tested",
            "33 %",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
        let report = &told(&folder, "report.js")[0];
        assert_eq!((&report["causes"]["new"], &report["trend"]), (&serde_json::json!([1]), &serde_json::json!(true)));
        let states: Vec<_> = report["points"].as_array().unwrap().iter().map(|point| point["state"].clone()).collect();
        assert_eq!(states, ["tested", "never-failed", "never-reached"]);
    }

    #[test]
    fn names_in_the_page_are_escaped() {
        let made = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(made.path()).unwrap();
        let mut contents = contents(root, 1);
        contents.missing.push("</p><script>alert(1)</script>".to_owned());
        let title = "<b>\u{1b}[1m\"'".to_owned();
        let page = write(&Subject::new(&contents, title), &root.join("html")).unwrap();
        let html = fs::read_to_string(page).unwrap();
        assert!(
            !html.contains("<b>")
                && !html.contains("<i>")
                && !html.contains("<script>alert")
                && !html.contains('\u{1b}')
        );
        assert!(html.contains("&#60;b&#62;") || html.contains("&lt;b&gt;"), "{html}");
    }
}
