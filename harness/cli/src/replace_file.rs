//! A file replaced as a whole: whoever reads it sees the old one or the new one, also after a kill.

use std::fs;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use camino::Utf8Path;

use crate::file_error::FileError;

/// Tells the files of one process apart.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Writes the text beside the file and moves it into its place.
///
/// # Errors
///
/// It cannot be written; then the old one is as it was.
pub(crate) fn replace_file(path: &Utf8Path, text: &[u8]) -> Result<(), FileError> {
    let name = path.file_name().unwrap_or_default();
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let beside = path.with_file_name(format!(".{name}.{}-{number}", std::process::id()));
    let write = || {
        let mut file = fs::File::create(&beside)?;
        file.write_all(text)?;
        // Without this a loss of power could leave an empty file under the name.
        file.sync_data()?;
        fs::rename(&beside, path)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&beside);
        FileError::writing(path, error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_replaced_stays_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let path = folder.join("a.txt");
        replace_file(&path, b"one").unwrap();
        replace_file(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        // A folder that is not empty cannot be replaced by a file.
        fs::create_dir_all(folder.join("b/c")).unwrap();
        let error = replace_file(&folder.join("b"), b"three").unwrap_err();
        assert_eq!(error.path, folder.join("b"));
        let mut left: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, ["a.txt", "b"]);
    }
}
