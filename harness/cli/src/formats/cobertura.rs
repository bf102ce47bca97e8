//! Cobertura's XML of recovery coverage, as its DTD (coverage-04) has it: the same lines and branches as in LCOV.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::contents::gather::Contents;
use crate::contents::recovery::{Line, Rate};
use crate::formats::text::plain;

type Lines = BTreeMap<u32, Line>;
type Files = BTreeMap<Utf8PathBuf, Lines>;

/// Lines and branches of several files.
#[derive(Clone, Copy, Default)]
struct Rates {
    lines: Rate,
    branches: Rate,
}

impl Rates {
    fn of<'a>(files: impl Iterator<Item = &'a Lines>) -> Rates {
        files.flat_map(BTreeMap::values).fold(Rates::default(), |sum, line| {
            let branches = Rate::of(line.all());
            Rates {
                lines: Rate { tested: sum.lines.tested + u64::from(line.hits() > 0), all: sum.lines.all + 1 },
                branches: Rate { tested: sum.branches.tested + branches.tested, all: sum.branches.all + branches.all },
            }
        })
    }

    fn attributes(self) -> [(&'static str, String); 3] {
        let part = |rate: Rate| format!("{:.4}", rate.part());
        [
            ("line-rate", part(self.lines)),
            ("branch-rate", part(self.branches)),
            // Asked for by the DTD; nothing here is complex or simple.
            ("complexity", "0".to_owned()),
        ]
    }
}

/// The document.
///
/// # Errors
/// Never: it is written into memory.
pub(crate) fn text(contents: &Contents) -> std::io::Result<String> {
    let files = contents.recovery_lines();
    let mut packages: BTreeMap<Utf8PathBuf, Files> = BTreeMap::new();
    for (file, lines) in files {
        let folder = file.parent().unwrap_or(Utf8Path::new("")).to_owned();
        packages.entry(folder).or_default().insert(file, lines);
    }
    let all = Rates::of(packages.values().flat_map(BTreeMap::values));
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.write_event(Event::DocType(BytesText::from_escaped(
        "coverage SYSTEM \"http://cobertura.sourceforge.net/xml/coverage-04.dtd\"",
    )))?;
    let counts = [
        ("lines-covered", all.lines.tested.to_string()),
        ("lines-valid", all.lines.all.to_string()),
        ("branches-covered", all.branches.tested.to_string()),
        ("branches-valid", all.branches.all.to_string()),
        ("version", format!("cargo-firsthit {}", contents.result.plan.tool)),
        // Seconds since 1970.
        ("timestamp", (contents.result.plan.begun / 1_000_000).to_string()),
    ];
    element(&mut writer, "coverage", &[&all.attributes()[..], &counts].concat(), |writer| {
        element(writer, "sources", &[], |writer| {
            let root = contents.root.as_deref().unwrap_or(Utf8Path::new("."));
            writer.create_element("source").write_text_content(BytesText::new(&plain(root.as_str())))?;
            Ok(())
        })?;
        element(writer, "packages", &[], |writer| {
            packages.iter().try_for_each(|(folder, files)| package(writer, folder, files))
        })
    })?;
    let mut text = String::from_utf8_lossy(&writer.into_inner()).into_owned();
    text.push('\n');
    Ok(text)
}

fn package(writer: &mut Writer<Vec<u8>>, folder: &Utf8Path, files: &Files) -> std::io::Result<()> {
    let name = if folder.as_str().is_empty() { "." } else { folder.as_str() };
    let mut attributes = vec![("name", name.to_owned())];
    attributes.extend(Rates::of(files.values()).attributes());
    element(writer, "package", &attributes, |writer| {
        element(writer, "classes", &[], |writer| files.iter().try_for_each(|(file, lines)| class(writer, file, lines)))
    })
}

fn class(writer: &mut Writer<Vec<u8>>, file: &Utf8Path, lines: &Lines) -> std::io::Result<()> {
    let mut attributes =
        vec![("name", file.file_name().unwrap_or(file.as_str()).to_owned()), ("filename", file.to_string())];
    attributes.extend(Rates::of(std::iter::once(lines)).attributes());
    element(writer, "class", &attributes, |writer| {
        element(writer, "methods", &[], |_| Ok(()))?;
        element(writer, "lines", &[], |writer| {
            lines.iter().try_for_each(|(number, line)| {
                let rate = Rate::of(line.all());
                let percent = rate.hundredths() / 100;
                let attributes = [
                    ("number", number.to_string()),
                    ("hits", line.hits().to_string()),
                    ("branch", "true".to_owned()),
                    ("condition-coverage", format!("{percent}% ({}/{})", rate.tested, rate.all)),
                ];
                element(writer, "line", &attributes, |_| Ok(()))
            })
        })
    })
}

/// An element with what `inside` writes in it.
fn element(
    writer: &mut Writer<Vec<u8>>,
    name: &str,
    attributes: &[(&'static str, String)],
    inside: impl FnOnce(&mut Writer<Vec<u8>>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    // XML has no way to write most control characters.
    let attributes: Vec<(&str, String)> = attributes.iter().map(|(name, value)| (*name, plain(value))).collect();
    let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
    writer.create_element(name).with_attributes(attributes).write_inner_content(inside)?;
    Ok(())
}
