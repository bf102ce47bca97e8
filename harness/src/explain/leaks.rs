//! What a failure left behind, the largest first.

use std::cmp::Reverse;
use std::fmt::{self, Formatter};

use super::chain;
use super::finding::Leak;
use super::frames::Frames;
use super::what::counted;

/// Of more leaks than this, the largest are shown.
const LEAKS_MAX: usize = 3;

/// Tells of each where it was made.
pub(super) fn told(f: &mut Formatter<'_>, frames: Frames<'_>, leaks: &[Leak]) -> fmt::Result {
    let mut largest: Vec<(&Leak, Vec<String>)> =
        leaks.iter().map(|leak| (leak, chain::lines(frames, &leak.chain))).collect();
    largest.sort_by(|a, b| (Reverse(a.0.bytes), &a.1).cmp(&(Reverse(b.0.bytes), &b.1)));
    for (leak, lines) in largest.iter().take(LEAKS_MAX) {
        let allocations = counted(leak.count, "allocation");
        write!(f, "\n  leaked {} in {allocations}, made here:", counted(leak.bytes, "byte"))?;
        chain::indented(f, lines)?;
    }
    let rest = largest.get(LEAKS_MAX..).unwrap_or_default();
    if !rest.is_empty() {
        let bytes = rest.iter().fold(0_usize, |sum, (leak, _)| sum.saturating_add(leak.bytes));
        write!(f, "\n  and {} leaked by {}", counted(bytes, "byte"), counted(rest.len(), "more chain"))?;
    }
    Ok(())
}
