//! By what one build of a program is told from another: the linker's build id, or else what the file holds.

use std::fs::{self, File};

use camino::Utf8Path;
use object::{Object, ReadCache};

use crate::stable_hash::StableHash;
use crate::trouble::Trouble;

/// The build's identity, in hexadecimal digits.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn build_id(path: &Utf8Path) -> Result<String, Trouble> {
    let unreadable = |error| Trouble::usage(format!("{path} cannot be read: {error}"));
    let id = match linked(&File::open(path).map_err(unreadable)?) {
        Some(id) => id,
        None => StableHash::new().bytes(&fs::read(path).map_err(unreadable)?).finish().to_be_bytes().to_vec(),
    };
    Ok(id.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The build id that the linker has put into the file, of which no more is read than that takes.
fn linked(file: &File) -> Option<Vec<u8>> {
    let parts = ReadCache::new(file);
    let object = object::File::parse(&parts).ok()?;
    object.build_id().ok()?.map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_is_another_build() {
        let program = std::env::current_exe().unwrap();
        let own = build_id(Utf8Path::from_path(&program).unwrap()).unwrap();
        assert!(own.len() >= 16 && own.bytes().all(|digit| digit.is_ascii_hexdigit()), "{own}");
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| {
            let path = folder.path().join(name);
            fs::write(&path, name).unwrap();
            build_id(Utf8Path::from_path(&path).unwrap()).unwrap()
        });
        assert_ne!(one, other);
        assert!(build_id(Utf8Path::new("/no/such/file")).unwrap_err().message.contains("/no/such/file"));
    }
}
