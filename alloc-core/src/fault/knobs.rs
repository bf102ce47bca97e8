//! The knobs of every capability together, as the kernel has a directory of them for each.

use core::fmt;
use core::str::FromStr;

use super::attribute_text::AttributeError;
use super::attributes::Attributes;
use super::source::{Capability, FaultSource, Site};

/// Attributes of their own for each capability.
///
/// They are written as the kernel's boot options are, and shown as its directories would be if they were printed. By
/// default nothing fails, as in the kernel.
///
/// ```
/// use alloc_core::{Capability, Knobs};
/// let knobs: Knobs = "fail_page_alloc=10,50,4096,-1 fail_memcg=1,100,0,2".parse()?;
/// assert_eq!(knobs.of(Capability::MemCg).times.get(), Some(2));
/// assert!(knobs.to_string().contains("fail_page_alloc/probability 50\n"));
/// assert!(knobs.to_string().contains("fail_vmalloc/probability 0\n"));
/// # Ok::<(), alloc_core::AttributeError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Knobs([Attributes; Capability::ALL.len()]);

impl Knobs {
    /// The same, with other attributes for one capability.
    #[must_use]
    pub fn with(mut self, capability: Capability, attributes: Attributes) -> Knobs {
        self.0[capability as usize] = attributes;
        self
    }

    /// The attributes of a capability.
    pub fn of(&self, capability: Capability) -> &Attributes {
        &self.0[capability as usize]
    }
}

impl FaultSource for Knobs {
    fn fails(&self, site: &Site<'_>) -> bool {
        self.of(site.capability).decides(site)
    }
}

impl FromStr for Knobs {
    type Err = AttributeError;

    /// Reads boot options of the form `name=interval,probability,space,times`, with spaces between them.
    fn from_str(text: &str) -> Result<Knobs, AttributeError> {
        text.split_whitespace().try_fold(Knobs::default(), |knobs, option| {
            let (name, value) = option.split_once('=').ok_or(AttributeError)?;
            let capability = Capability::ALL.into_iter().find(|capability| capability.knobs() == name);
            Ok(knobs.with(capability.ok_or(AttributeError)?, value.parse()?))
        })
    }
}

impl fmt::Display for Knobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Capability::ALL.into_iter().zip(&self.0).try_for_each(|(capability, attributes)| {
            attributes.each(|name, value| match (name, capability) {
                ("cache-filter", other) if other != Capability::Slab => Ok(()),
                _ => writeln!(f, "{}/{name} {value}", capability.knobs()),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn row_011_the_knobs_of_each_capability_are_read_and_shown() {
        let knobs: Knobs = " fail_vmalloc=3,100,0,-1\tfail_page_alloc=1,7,8192,5 ".parse().unwrap();
        let text = knobs.to_string();
        let expected = "fail_page_alloc/probability 7\nfail_page_alloc/interval 1\nfail_page_alloc/times 5\n\
            fail_page_alloc/space 8192\nfail_page_alloc/verbose 2\nfail_page_alloc/task-filter N\nfail_page_alloc/ignore-gfp-wait Y\n\
            fail_page_alloc/ignore-gfp-highmem Y\nfail_page_alloc/min-order 1\nfail_page_alloc/inject-nofail N\n\
            fail_page_alloc/stacktrace-depth 0\n";
        assert!(text.starts_with(expected), "{text}");
        assert!(text.contains("fail_vmalloc/interval 3\nfail_vmalloc/times -1\n"), "{text}");
        assert!(text.contains("failslab/cache-filter N\n") && text.matches("cache-filter").count() == 1, "{text}");
        assert_eq!(text.lines().count(), 11 * Capability::ALL.len() + 1);
        for wrong in ["fail_page_alloc", "fail_page_alloc=1,2,3", "fail_nothing=1,1,1,1", "=1,1,1,1"] {
            assert!(wrong.parse::<Knobs>().is_err(), "{wrong}");
        }
        assert!("".parse::<Knobs>().is_ok());
    }

    #[test]
    fn the_number_of_a_capability_is_its_place() {
        assert!(Capability::ALL.into_iter().enumerate().all(|(place, capability)| capability as usize == place));
    }
}
