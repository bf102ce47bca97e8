//! The knobs as text: a line for each, and the form of the kernel's boot options.

use core::fmt;
use core::str::FromStr;

use super::attributes::Attributes;
use super::knob::Knob;
use super::stack_filter::STACK_DEPTH_MAX;

impl Attributes {
    /// Tells each knob's name and how it stands, in the kernel's words.
    pub(crate) fn each(&self, mut tell: impl FnMut(&'static str, &dyn fmt::Display) -> fmt::Result) -> fmt::Result {
        let yes = |is: bool| if is { "Y" } else { "N" };
        tell("probability", &self.probability)?;
        tell("interval", &self.interval)?;
        tell("times", &self.times.get().map_or(-1, i64::from))?;
        tell("space", &self.space.get())?;
        tell("verbose", &self.verbose)?;
        tell("task-filter", &yes(self.task_filter))?;
        tell("ignore-gfp-wait", &yes(self.ignore_gfp_wait))?;
        tell("ignore-gfp-highmem", &yes(self.ignore_gfp_highmem))?;
        tell("min-order", &self.min_order.get())?;
        tell("inject-nofail", &yes(self.inject_nofail))?;
        tell("cache-filter", &yes(self.cache_filter))?;
        if let Some(site) = self.site {
            tell("site", &site)?;
        }
        let Some(stack) = &self.stack else { return tell("stacktrace-depth", &0) };
        tell("stacktrace-depth", &stack.depth.min(STACK_DEPTH_MAX))?;
        tell("require-start", &stack.require.start)?;
        tell("require-end", &stack.require.end)?;
        tell("reject-start", &stack.reject.start)?;
        tell("reject-end", &stack.reject.end)
    }
}

impl fmt::Display for Attributes {
    /// A line for each knob.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.each(|name, value| writeln!(f, "{name} {value}"))
    }
}

/// A text that is not of the form `interval,probability,space,times`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AttributeError;

impl fmt::Display for AttributeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "fault attributes are written interval,probability,space,times: four numbers, times -1 for no limit",
        )
    }
}

impl core::error::Error for AttributeError {}

impl FromStr for Attributes {
    type Err = AttributeError;

    /// Reads the form of the kernel's boot options.
    fn from_str(text: &str) -> Result<Attributes, AttributeError> {
        fn next<T: FromStr>(parts: &mut core::str::Split<'_, char>) -> Result<T, AttributeError> {
            parts.next().and_then(|part| part.trim().parse().ok()).ok_or(AttributeError)
        }
        let mut parts = text.split(',');
        let (interval, probability) = (next(&mut parts)?, next(&mut parts)?);
        let (space, times): (u64, i64) = (next(&mut parts)?, next(&mut parts)?);
        let times = match times {
            -1 => None,
            times => Some(u32::try_from(times).map_err(|_| AttributeError)?),
        };
        if parts.next().is_some() {
            return Err(AttributeError);
        }
        let mut attributes = Attributes::default();
        (attributes.interval, attributes.probability) = (interval, probability);
        (attributes.space, attributes.times) = (Knob::new(space), Knob::new(times));
        Ok(attributes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_011_boot_strings_are_read_and_others_refused() {
        let read: Attributes = "1,100,0,-1".parse().unwrap();
        assert_eq!((read.interval, read.probability, read.times.get()), (1, 100, None));
        for wrong in ["", "1,2,3", "1,2,3,4,5", "a,1,1,1", "1,1,1,-2", "1,1,-1,1"] {
            assert!(wrong.parse::<Attributes>().is_err(), "{wrong}");
        }
    }
}
