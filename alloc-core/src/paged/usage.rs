//! What a file has done and has, in numbers: what is read from swap for each access says whether paging is of use.

/// Accesses of one kind, and what they cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Accesses {
    /// Pages that were looked at or written to.
    pub pages: u64,
    /// Of these, pages that were read from swap for it.
    pub page_ins: u64,
}

impl Accesses {
    /// Pages read from swap for each access: 0 for what stays in memory, 1 for what never is. Without accesses it is 0.
    pub fn page_ins_each(self) -> f64 {
        if self.pages == 0 { 0.0 } else { self.page_ins as f64 / self.pages as f64 }
    }
}

/// What a file has done so far, and what it has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct PagedUsage {
    /// Accesses to the page of the access before, or to the next one.
    pub sequential: Accesses,
    /// All other accesses.
    pub random: Accesses,
    /// Pages that were written to swap.
    pub page_outs: u64,
    /// Pages that left memory without being written, because a slot had the same.
    pub dropped: u64,
    /// Pages that are in memory.
    pub cached: u64,
    /// Of these, pages that are pinned.
    pub pinned: u64,
    /// Pages that are in swap alone.
    pub out: u64,
    /// Pages of memory that say where the others are.
    pub index: u64,
}

impl PagedUsage {
    /// Accesses of both kinds.
    pub fn accesses(&self) -> Accesses {
        let (sequential, random) = (self.sequential, self.random);
        Accesses { pages: sequential.pages + random.pages, page_ins: sequential.page_ins + random.page_ins }
    }

    /// Pages with data, wherever they are.
    pub fn pages(&self) -> u64 {
        self.cached + self.out
    }
}
