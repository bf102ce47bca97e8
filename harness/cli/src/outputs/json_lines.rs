//! Files of a JSON value a line, appended to while the run goes on.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::marker::PhantomData;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::OutputError;
use crate::file_error::FileError;

/// Such a file, open to be appended to by this process alone.
pub(super) struct JsonLines<T> {
    path: Utf8PathBuf,
    file: File,
    /// Where the last whole line ends, in bytes.
    end: u64,
    of: PhantomData<fn(&T)>,
}

impl<T: Serialize> JsonLines<T> {
    /// Opens the file, and makes it if it is not there. A last line that was not written to its end is taken away.
    pub(super) fn open(path: &Utf8Path) -> Result<JsonLines<T>, FileError> {
        let open = || {
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            let end = whole_lines(&std::fs::read(path)?).len() as u64;
            file.set_len(end)?;
            Ok((file, end))
        };
        let (file, end) = open().map_err(|error: io::Error| FileError::writing(path, error))?;
        Ok(JsonLines { path: path.to_owned(), file, end, of: PhantomData })
    }

    /// Appends a line for each value. When it returns they outlive this process.
    pub(super) fn append(&mut self, values: &[T]) -> Result<(), FileError> {
        let mut text = Vec::new();
        for value in values {
            let written = serde_json::to_writer(&mut text, value);
            written.map_err(|error| FileError::writing(&self.path, error.into()))?;
            text.push(b'\n');
        }
        if let Err(error) = self.file.write_all(&text) {
            // What got through would join with the next line. Where this fails too, it is the torn last line.
            let _ = self.file.set_len(self.end);
            return Err(FileError::writing(&self.path, error));
        }
        self.end += text.len() as u64;
        Ok(())
    }
}

/// The values of the file; none where there is no file. A last line that was not written to its end does not count.
pub(super) fn read<T: DeserializeOwned>(path: &Utf8Path) -> Result<Vec<T>, OutputError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(FileError::reading(path, error).into()),
    };
    let mut values = Vec::new();
    for (number, line) in whole_lines(&bytes).split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let told = |error: serde_json::Error| OutputError::Line {
            path: path.to_owned(),
            line: number + 1,
            words: error.to_string(),
        };
        values.push(serde_json::from_slice(line).map_err(told)?);
    }
    Ok(values)
}

/// All up to the last end of a line.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    &bytes[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_last_line_is_left_out_and_appended_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("a.jsonl");
        assert_eq!(read::<u32>(&path).unwrap(), [0; 0]);
        JsonLines::open(&path).unwrap().append(&[1, 2]).unwrap();
        let mut text = std::fs::read(&path).unwrap();
        assert_eq!(text, b"1\n2\n");
        text.extend(b"34");
        std::fs::write(&path, &text).unwrap();
        assert_eq!(read::<u32>(&path).unwrap(), [1, 2]);
        JsonLines::open(&path).unwrap().append(&[5]).unwrap();
        assert_eq!(read::<u32>(&path).unwrap(), [1, 2, 5]);
    }

    #[test]
    fn a_line_that_is_something_else_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("a.jsonl");
        std::fs::write(&path, "1\ntwo\n3\n").unwrap();
        let error = read::<u32>(&path).unwrap_err().to_string();
        assert!(error.contains("a.jsonl:2 is not as it was written") && error.contains("sweep again"), "{error}");
        std::fs::write(&path, b"1\n\xff\n").unwrap();
        assert!(read::<u32>(&path).is_err());
    }
}
