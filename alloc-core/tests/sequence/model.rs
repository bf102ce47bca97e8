//! The model: who owns which frame, and what is written there.

use alloc_core::PAGE_SIZE;
use std::collections::BTreeMap;

/// The frames that a sequence owns, by the first frame of each run.
#[derive(Default)]
pub struct Model {
    runs: BTreeMap<u32, u64>,
    stamps: u64,
}

impl Model {
    /// Pages that are owned.
    pub fn pages(&self) -> u64 {
        self.runs.values().sum()
    }

    /// The beginning and the pages of the run that a frame lies in.
    pub fn owner(&self, frame: u32) -> Option<(u32, u64)> {
        let (begin, pages) = self.runs.range(..=frame).next_back()?;
        (u64::from(frame - begin) < *pages).then_some((*begin, *pages))
    }

    /// Notes that a run was handed out.
    ///
    /// # Panics
    /// If somebody owns a part of it.
    pub fn take(&mut self, frame: u32, pages: u64) {
        let end = u64::from(frame) + pages;
        let before = self.runs.range(..=frame).next_back().map(|(begin, pages)| u64::from(*begin) + pages);
        let next = self.runs.range(frame..).next().map(|(begin, _)| u64::from(*begin));
        assert!(before.is_none_or(|before| before <= u64::from(frame)), "frame {frame} was handed out twice");
        assert!(next.is_none_or(|next| next >= end), "a frame of the {pages} from {frame} on was handed out twice");
        self.runs.insert(frame, pages);
    }

    /// Notes that a run was given back.
    pub fn give(&mut self, frame: u32, pages: u64) {
        assert_eq!(self.runs.remove(&frame), Some(pages), "the model lost frame {frame}");
    }

    /// A number that no other memory of this sequence carries.
    pub fn stamp(&mut self) -> u64 {
        self.stamps += 1;
        self.stamps.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// The beginning and the end of each page, and of what is less than one.
fn marks(len: usize) -> impl Iterator<Item = usize> {
    (0..len).step_by(PAGE_SIZE).flat_map(move |begin| {
        let end = len.min(begin + PAGE_SIZE);
        let first = (end - begin >= 8).then_some(begin);
        first.into_iter().chain((end - begin >= 16).then(|| end - 8))
    })
}

/// Writes a stamp to every page.
pub fn write(bytes: &mut [u8], stamp: u64) {
    for at in marks(bytes.len()) {
        bytes[at..at + 8].copy_from_slice(&(stamp ^ at as u64).to_ne_bytes());
    }
}

/// Looks whether every page carries the stamp still.
///
/// # Panics
/// If one does not.
pub fn check(bytes: &[u8], stamp: u64) {
    for at in marks(bytes.len()) {
        assert_eq!(bytes[at..at + 8], (stamp ^ at as u64).to_ne_bytes(), "somebody wrote to memory that is owned");
    }
}
