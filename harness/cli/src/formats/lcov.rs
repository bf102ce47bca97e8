//! LCOV tracefiles of recovery coverage: a line is hit when a failure there ends well, and each chain and arm is a branch.
//!
//! The records are those of geninfo(1): `SF`, `BRDA`, `BRF`, `BRH`, `DA`, `LF`, `LH`. Block 0 of a line's branches are the chains
//! that ask for memory there, block 1 its recovery arms.

use std::fmt::Write as _;

use crate::contents::gather::Contents;
use crate::contents::recovery::{Line, Rate, Tried};
use crate::formats::text::plain;

/// The tracefile.
pub(crate) fn text(contents: &Contents) -> String {
    let mut text = String::new();
    for (file, lines) in contents.recovery_lines() {
        let path = contents.root.as_ref().map_or_else(|| file.clone(), |root| root.join(&file));
        let _ = writeln!(text, "TN:firsthit\nSF:{}", plain(path.as_str()));
        for (number, line) in &lines {
            for (block, tried) in [(0, &line.chains), (1, &line.arms)] {
                for (branch, tried) in tried.iter().enumerate() {
                    let taken = match tried {
                        Tried::Well(count) => count.to_string(),
                        Tried::Badly => "0".to_owned(),
                        Tried::Never => "-".to_owned(),
                    };
                    let _ = writeln!(text, "BRDA:{number},{block},{branch},{taken}");
                }
            }
        }
        let branches = Rate::of(lines.values().flat_map(Line::all));
        let _ = writeln!(text, "BRF:{}\nBRH:{}", branches.all, branches.tested);
        for (number, line) in &lines {
            let _ = writeln!(text, "DA:{number},{}", line.hits());
        }
        let hit = lines.values().filter(|line| line.hits() > 0).count();
        let _ = writeln!(text, "LF:{}\nLH:{hit}\nend_of_record", lines.len());
    }
    text
}
