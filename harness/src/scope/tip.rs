//! What stands at the end of a chain: a request of memory, a spawned thread, a fail point's value, an allocator's own request.

use crate::chain::id::Id;
use crate::memory::record::{Kind, Request};

/// The longest text of a fail point that is kept, in bytes.
const POINT_TEXT_MAX: usize = 160;

/// What stands at the end of a chain.
#[derive(Clone, Copy)]
pub(crate) enum Tip<'a> {
    /// A request of memory.
    Request(Request),
    /// The place where a thread of the scope is spawned.
    Spawn,
    Alternative(&'a Alternative),
    Told(&'a Told),
}

/// What can stand at the end of a chain and is described only where the chain is not known.
pub(crate) trait Described {
    /// As [`Tip`] has it.
    fn tip(&self) -> Tip<'_>;
}

/// A request to an allocator that the code under test holds itself.
#[derive(Debug)]
pub(crate) struct Told {
    /// What tells the allocator's door from others.
    pub(crate) door: u64,
    /// What is asked for, in the allocator's words.
    pub(crate) text: String,
    /// Whether the request must not fail.
    pub(crate) nofail: bool,
}

impl Described for Told {
    fn tip(&self) -> Tip<'_> {
        Tip::Told(self)
    }
}

impl Described for Alternative {
    fn tip(&self) -> Tip<'_> {
        Tip::Alternative(self)
    }
}

/// One of the values that a fail point can return.
#[derive(Clone, Copy)]
pub(crate) struct Alternative {
    /// What tells the point from all others of the program, in every process that runs it.
    pub(crate) point: Id,
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    /// From 0.
    pub(crate) number: u32,
    /// How many the point has.
    pub(crate) count: u32,
}

impl Tip<'_> {
    /// Whether nothing is to be failed here, because the request says so.
    pub(super) fn is_nofail(self) -> bool {
        matches!(self, Tip::Told(told) if told.nofail)
    }

    /// What the stable identities of chains begin with that end here.
    pub(super) fn marked(self, seed: Id) -> Id {
        match self {
            Tip::Request(_) => seed.with(0),
            Tip::Spawn => seed.with(1),
            Tip::Alternative(Alternative { point, number, .. }) => {
                seed.with(2).with(point.lo).with(point.hi).with(u64::from(*number))
            }
            Tip::Told(Told { door, nofail, .. }) => seed.with(3).with(*door).with(u64::from(*nofail)),
        }
    }

    /// As the record has it.
    pub(super) fn request(self) -> Request {
        let of = |kind| Request { kind, ..Request::default() };
        match self {
            Tip::Request(request) => request,
            Tip::Spawn => of(Kind::Spawn),
            Tip::Told(_) => of(Kind::Told),
            Tip::Alternative(Alternative { number, count, .. }) => {
                Request { size: u64::from(*number) + 1, old_size: u64::from(*count), ..of(Kind::FailPoint) }
            }
        }
    }

    /// The name of a fail point and what it is to return, or what else tells what failed; nothing for other requests.
    pub(super) fn texts(&self) -> [&[u8]; 2] {
        let texts = match self {
            Tip::Request(_) | Tip::Spawn => ["", ""],
            Tip::Alternative(Alternative { name, text, .. }) => [*name, *text],
            Tip::Told(told) => [told.text.as_str(), ""],
        };
        texts.map(|text| &text.as_bytes()[..text.floor_char_boundary(POINT_TEXT_MAX)])
    }
}
