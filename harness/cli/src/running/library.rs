//! The library that is preloaded: carried in the tool, and written down where the loader finds it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The library's file; empty where nothing can be preloaded.
static FILE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/libfirsthit_preload.so"));

/// Writes the library into `folder`, unless it is there, and gives its path.
///
/// # Errors
/// Where nothing can be preloaded, or the folder cannot be written.
pub(crate) fn placed(folder: &Path) -> io::Result<PathBuf> {
    if FILE.is_empty() {
        let why = "programs can be swept on Linux with glibc only: nothing can be preloaded here";
        return Err(io::Error::new(io::ErrorKind::Unsupported, why));
    }
    let path = folder.join(concat!("libfirsthit_preload-", env!("FIRSTHIT_PRELOAD_FINGERPRINT"), ".so"));
    // Of equal names are equal contents; one that was cut off by a full disk has another length.
    if std::fs::metadata(&path).is_ok_and(|there| there.len() == FILE.len() as u64) {
        return Ok(path);
    }
    std::fs::create_dir_all(folder)?;
    let mut new = tempfile::Builder::new().prefix(".library").tempfile_in(folder)?;
    new.write_all(FILE)?;
    new.persist(&path)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_once_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = placed(&folder.path().join("deep")).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), FILE);
        let written = std::fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(placed(&folder.path().join("deep")).unwrap(), path);
        assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), written);
        std::fs::write(&path, "cut off").unwrap();
        assert_eq!(std::fs::read(placed(&folder.path().join("deep")).unwrap()).unwrap(), FILE);
    }
}
