//! What a recovery left behind: the evidence that it did not run cleanly.

use core::fmt;

/// What a machine found after a failure that should not be there: see [`Machine::convert`](crate::Machine::convert).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct LeftBehind {
    /// Blocks that are held and were not before, as owners, numbers, areas, memory of kmalloc or hoards.
    pub blocks: usize,
    /// Pages in those blocks.
    pub pages: u64,
    /// Objects of caches that are held and were not before.
    pub objects: usize,
    /// Scopes, named sites and policies that were entered and not left.
    pub scopes: usize,
    /// Locks that were taken and not given back.
    pub locks: usize,
    /// Numbers and pointers that were given back and were nothing that could be: freed twice, for example.
    pub bad_frees: u64,
    /// What the machine's audit says, if it says anything.
    pub damage: Option<&'static str>,
    /// Whether the recovery panicked.
    pub panicked: bool,
}

impl LeftBehind {
    /// Whether there is nothing.
    pub fn is_nothing(&self) -> bool {
        *self == LeftBehind::default()
    }
}

impl fmt::Display for LeftBehind {
    /// `2 blocks, 1 held lock`, or `nothing`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        let mut tell = |f: &mut fmt::Formatter<'_>, count: u64, what: &str| {
            if count == 0 {
                return Ok(());
            }
            let start = core::mem::replace(&mut before, ", ");
            write!(f, "{start}{count} {what}{}", if count == 1 { "" } else { "s" })
        };
        tell(f, self.blocks as u64, "block")?;
        tell(f, self.objects as u64, "object")?;
        tell(f, self.scopes as u64, "open scope")?;
        tell(f, self.locks as u64, "held lock")?;
        tell(f, self.bad_frees, "bad free")?;
        if let Some(damage) = self.damage {
            write!(f, "{}damage: {damage}", core::mem::replace(&mut before, ", "))?;
        }
        if self.panicked {
            write!(f, "{}a panic", core::mem::replace(&mut before, ", "))?;
        }
        if before.is_empty() { f.write_str("nothing") } else { Ok(()) }
    }
}
