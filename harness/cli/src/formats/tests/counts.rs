//! Each form, read back, has the numbers of the report that it was made of.

use std::collections::BTreeMap;

use firsthit::Verdict;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use quick_xml::Reader;
use quick_xml::events::Event as Xml;
use serde_json::Value;

use super::{both, written};
use crate::contents::cause::Level;
use crate::contents::gather::Contents;
use crate::contents::recovery::{Line, Tried};
use crate::options::format::Format;

type Counts = BTreeMap<String, usize>;

fn ledger(contents: &Contents) -> Counts {
    contents.verdicts().into_iter().map(|(verdict, count)| (verdict.to_string(), count)).collect()
}

fn add(counts: &mut Counts, word: &str, count: usize) {
    *counts.entry(word.to_owned()).or_default() += count;
}

/// Elements of a document with their attributes, in order.
fn elements(xml: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut reader = Reader::from_str(xml);
    let mut elements = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Xml::Start(element) | Xml::Empty(element) => {
                let attributes = element.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap().into_owned();
                    (String::from_utf8(attribute.key.as_ref().to_vec()).unwrap(), value)
                });
                elements.push((String::from_utf8(element.name().as_ref().to_vec()).unwrap(), attributes.collect()));
            }
            Xml::Eof => return elements,
            _ => {}
        }
    }
}

#[test]
fn json_has_the_counts_and_the_chains_that_they_are_of() {
    for contents in both() {
        let value: Value = serde_json::from_str(&written(Format::Json, &contents)).unwrap();
        let told: Counts = serde_json::from_value(value["counts"]["verdicts"].clone()).unwrap();
        let mut counted = Counts::new();
        for chain in value["chains"].as_array().unwrap() {
            add(&mut counted, chain["verdict"].as_str().unwrap(), 1);
        }
        assert_eq!((&told, &counted), (&ledger(&contents), &ledger(&contents)));
        let findings =
            |level: &str, of: &str| value[of].as_array().unwrap().iter().filter(|one| one["level"] == level).count();
        assert_eq!(findings("finding", "chains"), contents.summary.findings);
        assert_eq!(findings("finding", "causes"), contents.findings().count());
        let in_causes: usize =
            value["causes"].as_array().unwrap().iter().map(|cause| cause["chains"].as_array().unwrap().len()).sum();
        assert_eq!(in_causes, contents.causes.iter().map(|cause| cause.chains.len()).sum::<usize>());
        // Also names are as they were, whatever is in them.
        let names: Vec<&str> =
            value["chains"].as_array().unwrap().iter().map(|chain| chain["test"]["name"].as_str().unwrap()).collect();
        let expected: Vec<&str> = contents.result.outcomes.keys().map(|(test, _)| test.name.as_str()).collect();
        assert_eq!(names, expected);
    }
}

#[test]
fn sarif_has_the_counts_of_causes_and_of_all_chains() {
    for contents in both() {
        let value: Value = serde_json::from_str(&written(Format::Sarif, &contents)).unwrap();
        let run = &value["runs"][0];
        let told: Counts = serde_json::from_value(run["properties"]["verdicts"].clone()).unwrap();
        assert_eq!(told, ledger(&contents));
        let (mut counted, mut expected, mut errors) = (Counts::new(), Counts::new(), 0);
        for result in run["results"].as_array().unwrap() {
            let count = usize::try_from(result["occurrenceCount"].as_u64().unwrap()).unwrap();
            add(&mut counted, result["ruleId"].as_str().unwrap(), count);
            errors += if result["level"] == "error" { count } else { 0 };
        }
        for cause in &contents.causes {
            add(&mut expected, cause.verdict.as_str(), cause.chains.len());
        }
        assert_eq!((counted, errors), (expected, contents.summary.findings));
    }
}

#[test]
fn junit_has_a_case_for_each_chain() {
    for contents in both() {
        let text = written(Format::Junit, &contents);
        let (mut counted, mut suites, mut sums) = (Counts::new(), 0, BTreeMap::new());
        let all = elements(&text);
        for (name, attributes) in &all {
            match name.as_str() {
                "testcase" if attributes["name"] != "sweep" => {
                    add(&mut counted, attributes["name"].split(':').next().unwrap(), 1);
                }
                "testsuite" => {
                    suites += 1;
                    for key in ["tests", "failures", "skipped", "errors"] {
                        *sums.entry(key).or_insert(0) += attributes[key].parse::<usize>().unwrap();
                    }
                }
                _ => {}
            }
        }
        let levels = contents.judged().map(|(outcome, standing)| (outcome.verdict, Level::of(standing)));
        let skipped = levels.filter(|(verdict, level)| {
            *level == Level::Expected || *level == Level::Passed && *verdict == Verdict::Unreached
        });
        let not_swept = contents.summary.not_swept.len();
        let expected = [
            ("errors", not_swept),
            ("failures", contents.summary.findings),
            ("skipped", skipped.count()),
            ("tests", contents.result.outcomes.len() + not_swept),
        ];
        assert_eq!((counted, suites, sums), (ledger(&contents), contents.tests.len(), BTreeMap::from(expected)));
    }
}

/// Chains and arms of all lines by whether they are tested, not tested, or never tried.
fn tried(contents: &Contents) -> [usize; 3] {
    let mut counts = [0; 3];
    for tried in contents.recovery_lines().values().flat_map(|lines| lines.values()).flat_map(Line::all) {
        counts[match tried {
            Tried::Well(_) => 0,
            Tried::Badly => 1,
            Tried::Never => 2,
        }] += 1;
    }
    counts
}

#[test]
fn every_chain_of_a_known_line_is_a_branch() {
    for contents in both() {
        let arms = contents.arms.as_ref().unwrap();
        let [well, badly, never] = tried(&contents);
        assert_eq!(well + badly + never, contents.result.outcomes.len() + arms.wanted());
        let verdicts = contents.verdicts();
        let good: usize = verdicts.iter().filter(|(verdict, _)| verdict.is_good()).map(|(_, count)| count).sum();
        assert_eq!(well, good + arms.tested());
    }
}

#[test]
fn lcov_has_a_branch_for_each_chain_and_arm() {
    for contents in both() {
        let (mut counts, mut sums, mut lines, mut hit) = ([0; 3], [0; 4], 0, 0);
        for record in written(Format::Lcov, &contents).lines() {
            let (word, rest) = record.split_once(':').unwrap_or((record, ""));
            match word {
                "BRDA" => match rest.rsplit(',').next().unwrap() {
                    "-" => counts[2] += 1,
                    "0" => counts[1] += 1,
                    _ => counts[0] += 1,
                },
                "DA" => {
                    lines += 1;
                    hit += usize::from(!rest.ends_with(",0"));
                }
                "BRF" => sums[0] += rest.parse::<usize>().unwrap(),
                "BRH" => sums[1] += rest.parse::<usize>().unwrap(),
                "LF" => sums[2] += rest.parse::<usize>().unwrap(),
                "LH" => sums[3] += rest.parse::<usize>().unwrap(),
                "SF" | "TN" | "end_of_record" => {}
                _ => panic!("{record}"),
            }
        }
        assert_eq!(counts, tried(&contents));
        assert_eq!(sums, [counts.iter().sum(), counts[0], lines, hit]);
        assert!(lines > 0 && hit > 0);
    }
}

#[test]
fn cobertura_has_the_same_lines_and_branches() {
    for contents in both() {
        let all = elements(&written(Format::Cobertura, &contents));
        let (mut tested, mut branches, mut lines) = (0, 0, 0);
        for (_, attributes) in all.iter().filter(|(name, _)| name == "line") {
            let (_, rate) = attributes["condition-coverage"].split_once(" (").unwrap();
            let (of, all) = rate.trim_end_matches(')').split_once('/').unwrap();
            tested += of.parse::<usize>().unwrap();
            branches += all.parse::<usize>().unwrap();
            lines += 1;
        }
        let expected = tried(&contents);
        assert_eq!((tested, branches), (expected[0], expected.iter().sum()));
        let root = &all[0].1;
        let told = ["branches-covered", "branches-valid", "lines-valid"].map(|key| root[key].parse::<usize>().unwrap());
        assert_eq!(told, [tested, branches, lines]);
    }
}

#[test]
fn github_has_an_annotation_for_each_cause_and_all_counts_in_one() {
    for contents in both() {
        let text = written(Format::Github, &contents);
        let of = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
        let level = |level| contents.causes.iter().filter(|cause| cause.level == level).count();
        assert_eq!((of("::error "), of("::warning ")), (level(Level::Finding), level(Level::Passed)));
        assert_eq!(of("::"), text.lines().count());
        let told = text.lines().last().unwrap().rsplit("::").next().unwrap();
        let mut counted = Counts::new();
        for part in told.split(';').next().unwrap().split(", ") {
            let (count, word) = part.split_once(' ').unwrap();
            add(&mut counted, word, count.parse().unwrap());
        }
        assert_eq!(counted, ledger(&contents));
        assert!(told.contains(&format!("; {} findings;", contents.summary.findings)));
    }
}

#[test]
fn markdown_has_the_counts_in_its_table() {
    for contents in both() {
        let text = written(Format::Markdown, &contents);
        let (mut rows, mut cell) = (Vec::new(), String::new());
        let mut inside = false;
        for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::TableRow) => rows.push(Vec::new()),
                Event::Start(Tag::TableCell) => inside = true,
                Event::End(TagEnd::TableCell) => {
                    inside = false;
                    if let Some(row) = rows.last_mut() {
                        row.push(cell.clone());
                    }
                    cell.clear();
                }
                Event::Text(text) if inside => cell.push_str(&text),
                _ => {}
            }
        }
        let counted: Counts = rows.iter().map(|row| (row[0].clone(), row[1].parse().unwrap())).collect();
        assert_eq!(counted, ledger(&contents));
        let findings =
            format!("**{} findings on {} call chains**", contents.findings().count(), contents.summary.findings);
        assert!(text.contains(&findings), "{findings}");
    }
}
