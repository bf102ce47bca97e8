//! The file that a process leaves: one line for each point it knows something of.
//!
//! ```text
//! firsthit coverage 1
//! program     debug/deps/cache-0123456789abcdef
//! build       89abcdef01234567
//! built       1760000000000000000
//! point       ID KIND FILE LINE COLUMN FUNCTION TEXT SEEN HITS CHAINS VERDICTS SITE MARK
//! end         1
//! ```
//!
//! A file that other files were merged into says so in front of the points, in a line `holds` with the name of each: what they say
//! stands in it, and they are not read any more.
//!
//! Fields are separated by tabs; a backslash in them is `\\`, a tab `\t`, a line feed `\n`, a carriage return `\r`.

use std::fmt::Write as _;

use super::entry::{Entry, Facts, Mark, Place, Word};
use super::id::PointId;
use super::model::Model;
use super::program::Program;
use super::tally::Tally;
use crate::annotation::Kind;
use crate::verdict::Verdict;

const FIRST_LINE: &str = "firsthit coverage 1";

/// What is wrong with a file, and in which line, from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// What stands in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Left {
    /// Whose it is.
    pub(crate) program: Program,
    /// The names of the files that were merged into it.
    pub(crate) holds: Vec<String>,
    pub(crate) model: Model,
}

/// The text of a file.
pub(crate) fn write(left: &Left) -> String {
    let Left { program: Program { name, build, built }, holds, model } = left;
    let mut text = format!("{FIRST_LINE}\nprogram\t{}\nbuild\t{build:016x}\nbuilt\t{built}\n", escaped(name));
    for held in holds {
        let _ = writeln!(text, "holds\t{}", escaped(held));
    }
    for (id, Entry { facts, tally }) in &model.entries {
        let Place { file, line, column } = &facts.place;
        let verdicts: Vec<String> = tally.verdicts().map(|(verdict, count)| format!("{verdict}:{count}")).collect();
        let seen = match (tally.reached, tally.ran) {
            (false, false) => "-",
            (true, false) => "reached",
            (false, true) => "ran",
            (true, true) => "reached,ran",
        };
        let mark = match &facts.mark {
            None => "-".to_owned(),
            Some(Mark::Untested(reason)) => format!("untested:{}", escaped(reason)),
            Some(Mark::Benign(reason)) => format!("benign:{}", escaped(reason)),
        };
        let (kind, function, words) = (facts.kind.0.as_str(), escaped(&facts.function), escaped(&facts.text));
        let verdicts = if verdicts.is_empty() { "-".to_owned() } else { verdicts.join(",") };
        let site = facts.site.map_or_else(|| "-".to_owned(), |site| site.to_string());
        let (file, Tally { hits, chains, .. }) = (escaped(file), tally);
        let _ = writeln!(
            text,
            "point\t{id}\t{kind}\t{file}\t{line}\t{column}\t{function}\t{words}\t{seen}\t{hits}\t{chains}\t{verdicts}\t\
             {site}\t{mark}"
        );
    }
    let _ = writeln!(text, "end\t{}", model.entries.len());
    text
}

/// What stands in a file, and what of it cannot be read.
///
/// # Errors
/// When it cannot be told whose it is.
pub(crate) fn read(text: &str) -> Result<(Left, Vec<Fault>), Fault> {
    let mut lines = text.split_inclusive('\n').enumerate().map(|(number, line)| (number + 1, line));
    let fault = |line, what: &str| Fault { line, what: what.to_owned() };
    let mut header = |line: usize, name: &str| {
        let found = lines.next().and_then(|(_, line)| line.strip_suffix('\n'));
        let value = found.and_then(|line| line.strip_prefix(name));
        value.map(str::to_owned).ok_or_else(|| fault(line, &format!("`{}` is missing", name.trim_end())))
    };
    let version = header(1, "firsthit coverage ")?;
    if version != "1" {
        let what = format!("the format is {version}, and this version of firsthit reads 1");
        return Err(fault(1, &what));
    }
    let name = unescaped(&header(2, "program\t")?);
    let build = u64::from_str_radix(&header(3, "build\t")?, 16).map_err(|_| fault(3, "the build is no number"))?;
    let built = header(4, "built\t")?.parse().map_err(|_| fault(4, "the time is no number"))?;
    let (mut holds, mut model, mut faults) = (Vec::new(), Model::default(), Vec::new());
    let (mut points, mut ended) = (0, false);
    for (number, line) in lines {
        let Some(line) = line.strip_suffix('\n').filter(|_| !ended) else {
            faults.push(fault(number, if ended { "there is more behind the end" } else { "the line is cut off" }));
            continue;
        };
        if let Some(count) = line.strip_prefix("end\t") {
            ended = true;
            if count.parse() != Ok(points) {
                faults.push(fault(number, &format!("it says that there are {count} points, and there are {points}")));
            }
            continue;
        }
        if let Some(held) = line.strip_prefix("holds\t") {
            holds.push(unescaped(held));
            continue;
        }
        points += 1;
        match point(line) {
            Ok((id, entry)) => model.add(id, entry),
            Err(what) => faults.push(Fault { line: number, what }),
        }
    }
    if !ended {
        faults.push(fault(text.lines().count() + 1, "the file ends here, and its last line is missing"));
    }
    Ok((Left { program: Program { name, build, built }, holds, model }, faults))
}

/// What a line says of a point.
fn point(line: &str) -> Result<(PointId, Entry), String> {
    let fields: Vec<&str> = line.split('\t').collect();
    let ["point", id, kind, file, row, column, function, text, seen, hits, chains, verdicts, site, mark] = fields[..]
    else {
        return Err("it is no point with its 13 fields".to_owned());
    };
    let wrong = |what: &str, value: &str| format!("`{}` is no {what}", value.escape_debug());
    let number = |value: &str| value.parse::<u64>().map_err(|_| wrong("number", value));
    let place = |value: &str| value.parse::<u32>().map_err(|_| wrong("line or column", value));
    let identity = |value: &str| value.parse::<PointId>().map_err(|()| wrong("identity of a point", value));
    let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind).ok_or_else(|| wrong("kind", kind))?;
    let mark = match mark.split_once(':') {
        None if mark == "-" => None,
        Some(("untested", reason)) => Some(Mark::Untested(unescaped(reason))),
        Some(("benign", reason)) => Some(Mark::Benign(unescaped(reason))),
        _ => return Err(wrong("mark", mark)),
    };
    let (reached, ran) = match seen {
        "-" => (false, false),
        "reached" => (true, false),
        "ran" => (false, true),
        "reached,ran" => (true, true),
        _ => return Err(wrong("`reached` or `ran`", seen)),
    };
    let mut tally = Tally { reached, ran, hits: number(hits)?, chains: number(chains)?, ..Tally::default() };
    for counted in verdicts.split(',').filter(|_| verdicts != "-") {
        let known = counted.split_once(':').and_then(|(word, count)| {
            let place = Verdict::ALL.iter().position(|verdict| verdict.as_str() == word)?;
            Some((place, count.parse().ok()?))
        });
        let (place, count) = known.ok_or_else(|| wrong("count of a verdict", counted))?;
        tally.verdicts[place] = count;
    }
    let facts = Facts {
        place: Place { file: unescaped(file), line: place(row)?, column: place(column)? },
        function: unescaped(function),
        kind: Word(kind),
        text: unescaped(text),
        site: if site == "-" { None } else { Some(identity(site)?) },
        mark,
    };
    Ok((identity(id)?, Entry { facts, tally }))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

/// The text that `escaped` was given; what it would not have written stays as it is.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('\\') | None => out.push('\\'),
            Some(other) => out.extend(['\\', other]),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::sample::{Random, entry, id};

    fn sample(seed: u64) -> Left {
        let mut random = Random(seed);
        let mut model = Model::default();
        for number in 0..5 + random.below(5) {
            model.add(id(number), entry(&mut random));
        }
        let program = Program { name: "debug/deps/a\tb".to_owned(), build: seed, built: 7 };
        let holds = (0..random.below(3)).map(|number| format!("b.{number}\t.coverage")).collect();
        Left { program, holds, model }
    }

    #[test]
    fn a_file_reads_as_it_is_written() {
        for seed in 1..200 {
            let left = sample(seed);
            let text = write(&left);
            assert_eq!(read(&text), Ok((left, Vec::new())), "{text}");
        }
    }

    #[test]
    fn a_file_that_is_cut_off_says_so_wherever_it_is() {
        let left = sample(3);
        let text = write(&left);
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            match read(&text[..end]) {
                Err(fault) => assert!(fault.line <= 4, "{fault:?}"),
                Ok((partly, faults)) => {
                    assert!(!faults.is_empty(), "{}", &text[..end]);
                    let known = |(id, entry)| left.model.entries.get(id) == Some(entry);
                    let whole = partly.model.entries.iter().all(known);
                    assert!(whole, "{}", &text[..end]);
                }
            }
        }
    }

    #[test]
    fn a_bad_line_is_told_by_its_number_and_the_rest_stands() {
        let left = Left { holds: Vec::new(), ..sample(5) };
        let text = write(&left);
        let lines: Vec<&str> = text.lines().collect();
        let bad = [
            ("point\tx", "13 fields"),
            (&lines[5].replacen("\t00", "\tzz", 1), "no identity of a point"),
            ("nonsense", "13 fields"),
        ];
        for (line, what) in bad {
            let damaged = text.replace(lines[5], line);
            let (rest, faults) = read(&damaged).unwrap();
            assert_eq!(rest.model.entries.len(), left.model.entries.len() - 1);
            assert!(faults.len() == 1 && faults[0].line == 6 && faults[0].what.contains(what), "{faults:?}");
        }
        let (_, faults) = read(&format!("{text}more\n")).unwrap();
        assert!(faults[0].what.contains("behind the end"), "{faults:?}");
    }

    #[test]
    fn a_file_of_another_version_or_none_at_all_is_refused() {
        let newer = write(&sample(5)).replacen(FIRST_LINE, "firsthit coverage 2", 1);
        assert!(read(&newer).unwrap_err().what.contains("the format is 2"));
        for other in ["", "\n", "hello\n", "firsthit coverage 1\n"] {
            assert!(read(other).unwrap_err().what.contains("is missing"), "{other}");
        }
    }
}
