//! A Markdown table of medians, spreads and ratios to the best.

use std::fmt;

use crate::samples::Samples;

/// One path: a row for each allocator, a column for each size.
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<(String, Vec<Option<Samples>>)>,
}

impl Table {
    /// The smallest median of a column.
    fn best(&self, column: usize) -> Option<f64> {
        let medians = self.rows.iter().filter_map(|(_, cells)| cells.get(column)?.as_ref()?.median());
        medians.min_by(f64::total_cmp)
    }
}

/// Three digits, as far as they say anything.
fn number(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

fn cell(samples: Option<&Samples>, best: Option<f64>) -> String {
    let shown = samples.and_then(|samples| {
        let (low, median, high) = (samples.percentile(10)?, samples.median()?, samples.percentile(90)?);
        let ratio = median / best?;
        Some(format!("{} ({}..{}) {ratio:.2}x n={}", number(median), number(low), number(high), samples.kept()))
    });
    shown.unwrap_or_else(|| "-".to_owned())
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "**{}**\n", self.title)?;
        writeln!(f, "| allocator | {} |", self.columns.join(" | "))?;
        writeln!(f, "|---{}|", "|--:".repeat(self.columns.len()))?;
        for (name, cells) in &self.rows {
            let cells = cells.iter().enumerate().map(|(column, samples)| cell(samples.as_ref(), self.best(column)));
            writeln!(f, "| {name} | {} |", cells.collect::<Vec<_>>().join(" | "))?;
        }
        let chunks = self.rows.iter().flat_map(|(_, cells)| cells).flatten();
        let (kept, dropped) = chunks
            .fold((0, 0), |(kept, dropped), samples| (kept + samples.kept(), dropped + samples.dropped() as usize));
        writeln!(f, "\n{kept} chunks kept, {dropped} dropped.")
    }
}
