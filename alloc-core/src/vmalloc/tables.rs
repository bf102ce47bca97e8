//! The page tables of the window: a page of the machine's for each stretch of 512, as long as some area lies in it.

use alloc::boxed::Box;
use alloc::vec;

use crate::units::FrameNumber;

/// Pages of the window that one page table maps.
pub(crate) const COVERED: usize = 512;

/// One page table.
#[derive(Clone, Copy, Debug, Default)]
struct Table {
    frame: Option<FrameNumber>,
    /// Areas that lie in its stretch, and one more if it was prepared.
    users: u32,
}

/// The page tables of a window.
#[derive(Debug)]
pub(crate) struct PageTables(Box<[Table]>);

impl PageTables {
    /// The tables of a window of `pages` pages, none of which is there.
    pub(crate) fn new(pages: usize) -> PageTables {
        PageTables(vec![Table::default(); pages.div_ceil(COVERED)].into_boxed_slice())
    }

    /// One more user of a table, which brings a frame if there is none yet: a frame that is not needed comes back.
    ///
    /// # Errors
    /// Nothing has changed: there is no frame.
    pub(crate) fn enter(&mut self, table: usize, frame: Option<FrameNumber>) -> Result<Option<FrameNumber>, ()> {
        let table = self.0.get_mut(table).ok_or(())?;
        let back = if table.frame.is_some() { frame } else { None };
        table.frame = Some(table.frame.or(frame).ok_or(())?);
        table.users += 1;
        Ok(back)
    }

    /// How many there are.
    pub(crate) fn present(&self) -> usize {
        self.0.iter().filter(|table| table.frame.is_some()).count()
    }

    /// One user less; the frame of a table that nobody uses any more.
    pub(crate) fn leave(&mut self, table: usize) -> Option<FrameNumber> {
        let table = self.0.get_mut(table)?;
        table.users = table.users.saturating_sub(1);
        if table.users == 0 { table.frame.take() } else { None }
    }
}
