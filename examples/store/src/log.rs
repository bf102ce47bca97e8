//! The file: appended to, read anywhere, and cut off where an append was not carried through.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A file of which only the first `end` bytes count.
#[derive(Debug)]
pub(crate) struct Log {
    file: File,
    end: u64,
}

#[cfg_attr(test, firsthit::instrument(calls("read_at", "write_at", "try_cut")))]
impl Log {
    /// Opens the file, which need not exist.
    #[cfg_attr(test, firsthit::injectable(io = [PermissionDenied]))]
    pub(crate) fn open(path: &Path) -> io::Result<Log> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let end = file.metadata()?.len();
        Ok(Log { file, end })
    }

    /// How many bytes count.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Writes `bytes` to the end; the offset they stand at. What was written of them by a write that failed does not count.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<u64> {
        let start = self.end;
        if let Err(error) = self.write_at(start, bytes) {
            self.cut(start);
            return Err(error);
        }
        self.end = start + bytes.len() as u64;
        Ok(start)
    }

    /// Forgets what stands behind `end`.
    pub(crate) fn cut(&mut self, end: u64) {
        self.end = end;
        // What stands there is written over by the next append, and is no whole record before: it does no harm.
        #[cfg_attr(test, firsthit::benign(reason = "bytes behind the end are never read"))]
        let _ = self.try_cut(end);
    }

    /// Fills `bytes` from `offset`.
    #[cfg_attr(test, firsthit::injectable(io = [UnexpectedEof]))]
    pub(crate) fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(bytes, offset)
    }

    #[cfg_attr(test, firsthit::injectable(io = [StorageFull, PermissionDenied]))]
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    #[cfg_attr(test, firsthit::injectable(io = [PermissionDenied]))]
    fn try_cut(&self, end: u64) -> io::Result<()> {
        self.file.set_len(end)
    }
}
