//! Whatever stands in names, paths and messages, it stays what it is: text.

use clap::ValueEnum;
use pulldown_cmark::{Event, Options, Parser, Tag};

use super::{both, written};
use crate::options::format::Format;

#[test]
fn no_form_has_control_characters() {
    for contents in both() {
        for format in Format::value_variants() {
            let text = written(*format, &contents);
            let steers = |c: char| c.is_control() && c != '\n';
            assert_eq!(text.chars().find(|c| steers(*c)), None, "{}", format.word());
        }
    }
}

#[test]
fn markdown_has_no_markup_of_others() {
    for contents in both() {
        let text = written(Format::Markdown, &contents);
        let options =
            Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES | Options::ENABLE_MATH;
        let (mut headings, mut tables) = (0, 0);
        for (event, range) in Parser::new_ext(&text, options).into_offset_iter() {
            match event {
                // Outside of code, GitHub takes it for a mention.
                Event::Text(_) => assert!(!text[range].contains('@')),
                Event::Start(Tag::Heading { .. }) => headings += 1,
                Event::Start(Tag::Table(_)) => tables += 1,
                Event::Start(
                    Tag::Paragraph
                    | Tag::List(_)
                    | Tag::Item
                    | Tag::Strong
                    | Tag::TableRow
                    | Tag::TableCell
                    | Tag::TableHead,
                )
                | Event::End(_)
                | Event::Code(_)
                | Event::SoftBreak
                | Event::HardBreak => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((headings, tables), (3, 1));
        // A comment on a pull request holds no more.
        assert!(text.chars().count() < 65_536);
    }
}

#[test]
fn github_reads_properties_as_they_were_meant() {
    for contents in both() {
        for line in written(Format::Github, &contents).lines() {
            // As the runner takes a command apart.
            let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
            let (word, properties) = head.split_once(' ').unwrap();
            assert!(["error", "warning", "notice"].contains(&word), "{line}");
            for property in properties.split(',') {
                let (name, value) = property.split_once('=').unwrap();
                assert!(["file", "line", "col", "title"].contains(&name), "{line}");
                assert!(!value.contains(':'), "{line}");
            }
            assert!(!message.contains(['\r', '\n']));
        }
    }
}

#[test]
fn lcov_names_a_file_in_one_line() {
    for contents in both() {
        let text = written(Format::Lcov, &contents);
        let files = text.lines().filter(|line| line.starts_with("SF:/project/src/")).count();
        assert_eq!(files, contents.recovery_lines().len());
        assert_eq!(text.lines().filter(|line| *line == "end_of_record").count(), files);
    }
}
