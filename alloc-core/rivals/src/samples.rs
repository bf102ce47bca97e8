//! What was measured of one case: undisturbed chunks, and what they say together.

/// Nanoseconds a pair, one number for each undisturbed chunk.
#[derive(Clone, Default)]
pub(crate) struct Samples {
    kept: Vec<f64>,
    dropped: u32,
}

impl Samples {
    /// Notes a chunk; a disturbed one is only counted.
    pub(crate) fn note(&mut self, nanoseconds: f64, disturbed: bool) {
        if disturbed {
            self.dropped += 1;
        } else {
            self.kept.push(nanoseconds);
        }
    }

    /// Chunks that were kept.
    pub(crate) fn kept(&self) -> usize {
        self.kept.len()
    }

    /// Chunks that were dropped.
    pub(crate) fn dropped(&self) -> u32 {
        self.dropped
    }

    /// The value below which `percent` of a hundred chunks lie, or `None` without any.
    pub(crate) fn percentile(&self, percent: usize) -> Option<f64> {
        let mut sorted = self.kept.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        sorted.get(last * percent / 100).copied()
    }

    /// The middle of the chunks.
    pub(crate) fn median(&self) -> Option<f64> {
        self.percentile(50)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_undisturbed_chunks() {
        let mut samples = Samples::default();
        assert_eq!(samples.median(), None);
        (0..=100).rev().for_each(|number| samples.note(f64::from(number), false));
        samples.note(1e9, true);
        assert_eq!(
            (samples.percentile(10), samples.median(), samples.percentile(90)),
            (Some(10.), Some(50.), Some(90.))
        );
        assert_eq!((samples.kept(), samples.dropped()), (101, 1));
    }
}
