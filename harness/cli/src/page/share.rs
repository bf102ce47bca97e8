//! Shares of a whole as a bar shows them, a thousand units wide.

use crate::in_words::grouped;

/// One part: where it begins, how wide it is, and how much it is.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Part {
    /// By what the page's styles colour it.
    pub(crate) class: &'static str,
    pub(crate) words: &'static str,
    pub(crate) count: String,
    pub(crate) from: String,
    pub(crate) width: String,
    /// In per cent of the whole.
    pub(crate) share: String,
}

/// The parts that are not empty, in their order.
pub(crate) fn parts(counts: impl IntoIterator<Item = (&'static str, &'static str, usize)>) -> Vec<Part> {
    let counts: Vec<_> = counts.into_iter().filter(|(_, _, count)| *count > 0).collect();
    let whole: usize = counts.iter().map(|(_, _, count)| count).sum();
    let mut before = 0;
    let mut parts = Vec::new();
    for (class, words, count) in counts {
        // Counts of chains are far below what a floating number has digits for.
        #[allow(clippy::cast_precision_loss, reason = "a width in a picture")]
        let of = |count: usize, whole_is: f64| count as f64 * whole_is / whole as f64;
        let percent = of(count, 100.0);
        parts.push(Part {
            class,
            words,
            count: grouped(count as u64),
            from: format!("{:.2}", of(before, 1000.0)),
            width: format!("{:.2}", of(count, 1000.0)),
            share: if percent < 0.1 { "< 0.1 %".to_owned() } else { format!("{percent:.1} %") },
        });
        before += count;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_and_make_the_whole() {
        let parts = parts([("a", "A", 1), ("b", "B", 0), ("c", "C", 3), ("d", "D", 4)]);
        let told: Vec<_> = parts
            .iter()
            .map(|part| (part.class, part.from.as_str(), part.width.as_str(), part.share.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("a", "0.00", "125.00", "12.5 %"),
                ("c", "125.00", "375.00", "37.5 %"),
                ("d", "500.00", "500.00", "50.0 %")
            ]
        );
        assert_eq!(super::parts([("a", "", 1), ("b", "", 9_999)])[0].share, "< 0.1 %");
        assert!(super::parts([("a", "A", 0)]).is_empty());
    }
}
