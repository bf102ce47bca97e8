//! A file or a folder of a test's own, which is gone afterwards.
use std::path::{Path, PathBuf};
use std::{env, fs, process};

/// Removed when it is dropped; what an earlier process of the same number has left behind, before.
pub struct Scratch(PathBuf);

#[allow(dead_code, reason = "each test uses one of the two")]
impl Scratch {
    pub fn folder() -> Scratch {
        let scratch = Scratch::unused();
        fs::create_dir(&scratch.0).unwrap();
        scratch
    }

    pub fn file(text: &str) -> Scratch {
        let scratch = Scratch::unused();
        fs::write(&scratch.0, text).unwrap();
        scratch
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    fn unused() -> Scratch {
        let scratch = Scratch(env::temp_dir().join(format!("trophies-c-{}", process::id())));
        scratch.remove();
        scratch
    }

    fn remove(&self) {
        let _ = fs::remove_dir_all(&self.0);
        let _ = fs::remove_file(&self.0);
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.remove();
    }
}
