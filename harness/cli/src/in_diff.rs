//! `--in-diff`: which chains run through what a diff has changed.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use diffy::patch_set::{FileOperation, ParseOptions, PatchSet};

use crate::chains::frame::Frame;
use crate::file_error::FileError;

/// The places that a unified diff has changed, as they are after it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct InDiff {
    /// The folder that frames' files are relative to.
    workspace: Utf8PathBuf,
    /// For each file, by all the places where it can lie, the first and last lines of its hunks, from 1.
    hunks: BTreeMap<Utf8PathBuf, Vec<(usize, usize)>>,
}

/// Why there is no diff to go by.
#[derive(Debug)]
pub(crate) enum InDiffError {
    File(FileError),
    /// What it was called, and what is wrong with it.
    NoDiff(String, String),
}

impl InDiff {
    /// Reads a diff from a file, or from the standard input where that is `-`. Its names are relative to the repository,
    /// as git writes them, or to the workspace.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is no unified diff.
    pub(crate) fn read(file: &Utf8Path, workspace: &Utf8Path) -> Result<InDiff, InDiffError> {
        let mut bytes = Vec::new();
        let read = match file.as_str() {
            "-" => io::stdin().lock().read_to_end(&mut bytes).map(|_| ()),
            _ => std::fs::read(file).map(|read| bytes = read),
        };
        read.map_err(|error| InDiffError::File(FileError::reading(file, error)))?;
        let repository = workspace.ancestors().find(|folder| folder.join(".git").exists());
        InDiff::parse(&bytes, repository.unwrap_or(workspace), workspace)
            .map_err(|words| InDiffError::NoDiff(file.to_string(), words))
    }

    fn parse(bytes: &[u8], repository: &Utf8Path, workspace: &Utf8Path) -> Result<InDiff, String> {
        let mut diff = InDiff { workspace: normal(workspace), hunks: BTreeMap::new() };
        // Only numbers and names are of interest, so no line has to keep its end.
        let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        if text.trim().is_empty() {
            // This is how "nothing has changed" is written.
            return Ok(diff);
        }
        let by_git = text.lines().any(|line| line.starts_with("diff --git "));
        let options = if by_git { ParseOptions::gitdiff() } else { ParseOptions::unidiff() };
        for file in PatchSet::parse(&text, options) {
            let file = file.map_err(|error| error.to_string())?;
            let name = match file.operation() {
                FileOperation::Delete(_) => continue,
                FileOperation::Create(name) => name,
                FileOperation::Modify { modified, .. } => modified,
                FileOperation::Rename { to, .. } | FileOperation::Copy { to, .. } => to,
            };
            let Some(patch) = file.patch().as_text() else { continue };
            let hunks: Vec<(usize, usize)> = patch.hunks().iter().map(|hunk| lines(hunk.new_range())).collect();
            for name in names(name) {
                for folder in [repository, workspace] {
                    diff.hunks.entry(normal(&folder.join(&name))).or_default().extend(&hunks);
                }
            }
        }
        Ok(diff)
    }

    /// Whether a frame of the chain lies in a hunk. The lines around a change count with it, as many as the diff shows: of
    /// `git diff -W` whole functions, so that their calls count that were only moved.
    pub(crate) fn touches(&self, chain: &[Frame]) -> bool {
        chain.iter().any(|frame| {
            let (Some(file), Some(line)) = (&frame.file, frame.line) else { return false };
            let hunks = self.hunks.get(&normal(&self.workspace.join(file)));
            hunks.is_some_and(|hunks| hunks.iter().any(|(first, last)| (*first..=*last).contains(&(line as usize))))
        })
    }

    /// Whether there is nothing in it that a chain could run through.
    pub(crate) fn is_empty(&self) -> bool {
        self.hunks.values().all(Vec::is_empty)
    }
}

/// The first and last line of a hunk. Of one that only takes lines away and shows none around them, those that it joins.
fn lines(range: diffy::HunkRange) -> (usize, usize) {
    match range.len() {
        0 => (range.start(), range.start().saturating_add(1)),
        len => (range.start(), range.start().saturating_add(len - 1)),
    }
}

/// The paths that a name in a diff can mean: as it stands, and without the letter that git puts before it.
fn names(name: &str) -> Vec<Utf8PathBuf> {
    let mut names = vec![Utf8PathBuf::from(name)];
    if let Some((letter, rest)) = name.split_once('/')
        && matches!(letter, "a" | "b" | "c" | "i" | "o" | "w")
    {
        names.push(Utf8PathBuf::from(rest));
    }
    names
}

/// The path without `.` and `..`.
fn normal(path: &Utf8Path) -> Utf8PathBuf {
    let mut normal = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => {
                normal.pop();
            }
            component => normal.push(component),
        }
    }
    normal
}

impl fmt::Display for InDiffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InDiffError::File(error) => error.fmt(f),
            InDiffError::NoDiff(name, words) => {
                let name = if name == "-" { "what came by the standard input" } else { name };
                write!(
                    f,
                    "{name} is no unified diff ({words}): make one with `git diff`, as in `git diff main > my.diff`"
                )
            }
        }
    }
}

impl std::error::Error for InDiffError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chains::frame::Owner;
    use crate::results::sample::frame;

    fn diff(text: &str) -> InDiff {
        InDiff::parse(text.as_bytes(), "/repo".into(), "/repo/inner".into()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn touched(diff: &InDiff, file: &str) -> Vec<u32> {
        let at = |line| [frame("f", "/rustc/a.rs", 5, Owner::Std), frame("g", file, line, Owner::Workspace)];
        (0..60).filter(|line| diff.touches(&at(*line))).collect()
    }

    const CHANGED: &str = "\
diff --git a/inner/src/a.rs b/inner/src/a.rs
index 1111111..2222222 100644
--- a/inner/src/a.rs
+++ b/inner/src/a.rs
@@ -3,4 +3,5 @@ fn before() {
 three
-four
+new four
+new five
 five
 six
@@ -30 +31,0 @@ fn gone()
-thirty
";

    #[test]
    fn chains_through_a_hunk_are_found() {
        let changed = diff(CHANGED);
        assert_eq!(touched(&changed, "src/a.rs"), [3, 4, 5, 6, 7, 31, 32]);
        assert_eq!(touched(&changed, "/repo/inner/src/a.rs"), [3, 4, 5, 6, 7, 31, 32]);
        assert_eq!(touched(&changed, "./src/../src/a.rs"), [3, 4, 5, 6, 7, 31, 32]);
        assert_eq!(touched(&changed, "src/b.rs"), [0; 0]);
        assert_eq!(touched(&changed, "a.rs"), [0; 0]);
        assert!(!changed.is_empty() && !changed.touches(&[]));
        let nowhere = Frame { line: None, ..frame("f", "src/a.rs", 3, Owner::Workspace) };
        assert!(!changed.touches(&[nowhere]));
    }

    #[test]
    fn names_are_the_repositorys_or_the_workspaces_with_and_without_letters() {
        for (old, new) in [("a/inner", "b/inner"), ("inner", "inner"), ("a", "b"), (".", "."), ("i/inner", "w/inner")] {
            let named = CHANGED.replace("a/inner", old).replace("b/inner", new);
            assert_eq!(touched(&diff(&named), "src/a.rs").len(), 7, "{new}");
        }
        // Not by git.
        let plain = CHANGED.lines().skip(2).map(|line| match line {
            "+++ b/inner/src/a.rs" => "+++ inner/src/a.rs\t2026-11-22 10:00:00.000000000 +0000\n".to_owned(),
            line => format!("{line}\n"),
        });
        assert_eq!(touched(&diff(&plain.collect::<String>()), "src/a.rs").len(), 7);
    }

    #[test]
    fn ends_of_lines_do_not_matter() {
        assert_eq!(touched(&diff(&CHANGED.replace('\n', "\r\n")), "src/a.rs").len(), 7);
        let without = "--- a/src/a.rs\n+++ b/src/a.rs\n@@ -1 +1,2 @@\n-one\n\\ No newline at end of file\n+one\n+two\n\\ No newline at end of file\n";
        assert_eq!(touched(&diff(without), "src/a.rs"), [1, 2]);
    }

    #[test]
    fn renamed_new_deleted_and_binary_files_are_understood() {
        let text = "\
diff --git a/src/old.rs b/src/new name.rs
similarity index 90%
rename from src/old.rs
rename to src/new name.rs
index 1111111..2222222 100644
--- a/src/old.rs
+++ b/src/new name.rs
@@ -10 +10 @@
-x
+y
diff --git a/src/moved.rs b/src/there.rs
similarity index 100%
rename from src/moved.rs
rename to src/there.rs
diff --git a/src/fresh.rs b/src/fresh.rs
new file mode 100644
index 0000000..2222222
--- /dev/null
+++ b/src/fresh.rs
@@ -0,0 +1,2 @@
+a
+b
diff --git a/src/gone.rs b/src/gone.rs
deleted file mode 100644
index 1111111..0000000
--- a/src/gone.rs
+++ /dev/null
@@ -1,2 +0,0 @@
-a
-b
diff --git a/logo.png b/logo.png
index 1111111..2222222 100644
Binary files a/logo.png and b/logo.png differ
diff --git a/run.sh b/run.sh
old mode 100644
new mode 100755
diff --git \"a/src/\\303\\251.rs\" \"b/src/\\303\\251.rs\"
index 1111111..2222222 100644
--- \"a/src/\\303\\251.rs\"
+++ \"b/src/\\303\\251.rs\"
@@ -7 +7 @@
-x
+y
";
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let diff = diff(&text);
            assert_eq!(touched(&diff, "src/new name.rs"), [10]);
            assert_eq!(touched(&diff, "src/old.rs"), [0; 0]);
            assert_eq!(touched(&diff, "src/there.rs"), [0; 0]);
            assert_eq!(touched(&diff, "src/fresh.rs"), [1, 2]);
            assert_eq!(touched(&diff, "src/gone.rs"), [0; 0]);
            assert_eq!(touched(&diff, "src/é.rs"), [7]);
        }
    }

    #[test]
    fn what_is_no_diff_is_told_and_an_empty_one_touches_nothing() {
        assert!(diff("").is_empty() && diff("\n\r\n").is_empty());
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        let error = InDiff::read(&path.join("none.diff"), path).unwrap_err().to_string();
        assert!(error.contains("none.diff") && error.contains("name one that is there"), "{error}");
        let file = path.join("x.diff");
        let torn = CHANGED.split("-four").next().unwrap();
        for text in ["fn main() {}", torn, "--- a/x\n+++ b/x\n@@ -1 +99999999999999999999999 @@\n+x\n"] {
            std::fs::write(&file, text).unwrap();
            let error = InDiff::read(&file, path).unwrap_err().to_string();
            assert!(error.contains("x.diff is no unified diff (") && error.contains("git diff main"), "{error}");
        }
        // The repository lies above the workspace.
        std::fs::create_dir_all(path.join(".git")).unwrap();
        std::fs::write(&file, CHANGED).unwrap();
        assert_eq!(touched(&InDiff::read(&file, &path.join("inner")).unwrap(), "src/a.rs").len(), 7);
    }
}
