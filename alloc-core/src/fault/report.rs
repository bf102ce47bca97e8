//! What is told of an injected failure, to whoever wants to print it.

use core::fmt;

use super::source::Site;

/// One injected failure, as [`Attributes::report`](crate::Attributes::report) is told of it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FaultReport<'a> {
    /// The request that fails.
    pub site: &'a Site<'a>,
    /// How the knobs stood, in percent, requests, bytes, and failures that are left (-1 for no limit).
    pub probability: u32,
    /// See above.
    pub interval: u32,
    /// See above.
    pub space: u64,
    /// See above.
    pub times: i64,
    /// The return addresses of the failing call, innermost first: at verbosity 2, and as far as a stack filter captures them.
    pub stack: &'a [usize],
}

impl fmt::Display for FaultReport<'_> {
    /// A line about the request and the knobs, and one for each return address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Site { capability, flags, order, size, asking, .. } = self.site;
        let (name, function) = (capability.knobs(), capability.as_str());
        write!(
            f,
            "{name}: {function} of {size} bytes (order {}) with {flags}, for task {}, fails",
            order.get(),
            asking.0
        )?;
        let FaultReport { interval, probability, space, times, .. } = self;
        write!(f, "; interval {interval}, probability {probability}, space {space}, times {times}")?;
        self.stack.iter().try_for_each(|address| write!(f, "\n  {address:#x}"))
    }
}
