//! Whose a function is, by the path of its source and else by its name.

use std::path::{Component, Path, PathBuf};

use camino::Utf8PathBuf;
use firsthit::program::words::{fetched, is_std, krate};

use crate::chains::frame::{Frame, Owner};
use crate::chains::symbol::Symbol;

/// Crates of the standard library, as the paths of their functions begin.
const STD_CRATES: [&str; 10] =
    ["alloc", "core", "std", "test", "proc_macro", "panic_abort", "panic_unwind", "unwind", "std_detect", "hashbrown"];
/// What the compiler adds around Rust code.
const SHIMS: [&str; 6] = ["__rust", "__rdl_", "__rg_", "rust_begin", "rust_eh_", "rust_panic"];

/// Which code is the workspace's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owners {
    /// The workspace's root.
    pub(crate) root: PathBuf,
    /// Where Cargo builds: generated code lies there.
    pub(crate) target: PathBuf,
    /// The folders of the crates that count as the workspace's.
    pub(crate) folders: Vec<PathBuf>,
    /// Their names, as paths of functions begin.
    pub(crate) crates: Vec<String>,
    /// The program, where it is no test: what lies in its file is the workspace's, if nothing says whose it is.
    pub(crate) program: Option<PathBuf>,
}

impl Owners {
    /// The frame that is kept of a symbol in the file `module`.
    pub(crate) fn frame(&self, symbol: &Symbol, module: &Path) -> Frame {
        let is_programs = self.program.as_deref() == Some(module);
        let is_local = symbol.file.as_deref().is_some_and(|file| fetched(&file.to_string_lossy()).is_none());
        let file = symbol.file.as_deref().map(|file| self.shown(file));
        Frame {
            function: symbol.function.clone(),
            file: file.map(Utf8PathBuf::from),
            line: symbol.line,
            column: symbol.column,
            owner: match self.of(symbol) {
                Owner::Foreign if is_programs => Owner::Workspace,
                // Where no crates are known, the program's are those that were not fetched.
                Owner::Dependency(_) if is_programs && self.crates.is_empty() && is_local => Owner::Workspace,
                owner => owner,
            },
        }
    }

    /// Whose a function is.
    fn of(&self, symbol: &Symbol) -> Owner {
        let function = &symbol.function;
        if SHIMS.iter().any(|shim| function.starts_with(shim)) {
            return Owner::Std;
        }
        let Some(file) = symbol.file.as_deref() else { return self.by_name(function) };
        let path = file.to_string_lossy();
        if is_std(&path) {
            return Owner::Std;
        }
        let file = plain(file);
        if let Ok(built) = file.strip_prefix(&self.target) {
            return self.generated(built, function);
        }
        if self.folders.iter().any(|folder| file.starts_with(folder)) {
            return Owner::Workspace;
        }
        match fetched(&path) {
            Some((name, _)) => Owner::Dependency(name),
            None if krate(function).is_some() => self.by_name(function),
            None => Owner::Foreign,
        }
    }

    /// Code that a build script made: of the package whose folder it lies in, `build/NAME-HASH/out/…`.
    fn generated(&self, built: &Path, function: &str) -> Owner {
        let mut parts = built.iter().map(|part| part.to_string_lossy());
        let package = parts.by_ref().find(|part| part == "build").and_then(|_| parts.next());
        let name = package.and_then(|folder| folder.rsplit_once('-').map(|(name, _)| name.to_owned()));
        match name {
            Some(name) if self.crates.contains(&name.replace('-', "_")) => Owner::Workspace,
            Some(name) => Owner::Dependency(name),
            None => self.by_name(function),
        }
    }

    fn by_name(&self, function: &str) -> Owner {
        match krate(function) {
            Some(name) if self.crates.iter().any(|own| own == name) => Owner::Workspace,
            Some(name) if STD_CRATES.contains(&name) => Owner::Std,
            Some(name) => Owner::Dependency(name.to_owned()),
            None => Owner::Foreign,
        }
    }

    /// A path as people would open it: relative to the workspace, or within its crate.
    fn shown(&self, file: &Path) -> String {
        let plain = plain(file);
        if let Ok(below) = plain.strip_prefix(&self.root) {
            return below.to_string_lossy().into_owned();
        }
        let path = plain.to_string_lossy();
        match (fetched(&path), path.split_once("/library/")) {
            (Some((name, rest)), _) => format!("{name}/{rest}"),
            (None, Some((_, rest))) if is_std(&path) => rest.to_owned(),
            _ => path.into_owned(),
        }
    }
}

/// Without `.` and `..`, as far as the text alone tells.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners() -> Owners {
        Owners {
            root: "/home/ann/ws".into(),
            target: "/home/ann/ws/target/firsthit/build".into(),
            folders: vec!["/home/ann/ws/demo".into()],
            crates: vec!["demo".to_owned()],
            program: Some("/home/ann/pack".into()),
        }
    }

    fn owner(function: &str, file: &str) -> Owner {
        let file = (!file.is_empty()).then(|| file.into());
        owners().of(&Symbol { function: function.to_owned(), file, line: Some(1), column: None })
    }

    #[test]
    fn the_path_of_the_source_tells_whose_it_is() {
        let dependency = |name: &str| Owner::Dependency(name.to_owned());
        assert_eq!(owner("demo::f", "/home/ann/ws/demo/src/lib.rs"), Owner::Workspace);
        assert_eq!(owner("demo::f", "/home/ann/ws/demo/../demo/src/./lib.rs"), Owner::Workspace);
        assert_eq!(owner("push<u8>", "/rustc/5980/library/alloc/src/vec/mod.rs"), Owner::Std);
        assert_eq!(owner("f", "/home/ann/.cargo/registry/src/index-1/tar-0.4.1/src/lib.rs"), dependency("tar-0.4.1"));
        assert_eq!(owner("f", "/home/ann/.cargo/git/checkouts/arena-a1b2/9f8e/src/lib.rs"), dependency("arena-9f8e"));
        let built = "/home/ann/ws/target/firsthit/build/debug/build";
        assert_eq!(owner("demo::g", &format!("{built}/demo-12ab/out/table.rs")), Owner::Workspace);
        assert_eq!(owner("inflate", &format!("{built}/libz-sys-12ab/out/inflate.c")), dependency("libz-sys"));
        assert_eq!(owner("qsort", "./stdlib/msort.c"), Owner::Foreign);
        assert_eq!(owner("__rust_alloc", "/home/ann/ws/demo/src/lib.rs"), Owner::Std);
    }

    #[test]
    fn without_a_source_the_name_tells() {
        assert_eq!(owner("demo::tests::a", ""), Owner::Workspace);
        assert_eq!(owner("<demo::Cache as core::fmt::Debug>::fmt", ""), Owner::Workspace);
        assert_eq!(owner("<alloc::vec::Vec<demo::Item> as core::clone::Clone>::clone", ""), Owner::Std);
        assert_eq!(owner("tokio::runtime::f", ""), Owner::Dependency("tokio".to_owned()));
        assert_eq!(owner("malloc_hook", ""), Owner::Foreign);
    }

    #[test]
    fn what_nobody_is_known_of_is_the_programs_if_it_lies_in_its_file() {
        let symbol = |function: &str| Symbol { function: function.to_owned(), file: None, line: None, column: None };
        let owner = |function: &str, module: &str| owners().frame(&symbol(function), Path::new(module)).owner;
        assert_eq!(owner("pack_file", "/home/ann/pack"), Owner::Workspace);
        assert_eq!(owner("pack_file", "/lib/libc.so.6"), Owner::Foreign);
        assert_eq!(owner("alloc::vec::Vec<T>::push", "/home/ann/pack"), Owner::Std);
    }

    #[test]
    fn without_known_crates_what_was_not_fetched_is_the_programs() {
        let alone = Owners { folders: Vec::new(), crates: Vec::new(), ..owners() };
        let owner = |file: &str, module: &str, owners: &Owners| {
            let symbol = Symbol { function: "pack::f".to_owned(), file: Some(file.into()), line: None, column: None };
            owners.frame(&symbol, Path::new(module)).owner
        };
        let (own, fetched) = ("/home/ann/src/pack.rs", "/x/registry/src/index-1/tar-0.4.1/src/lib.rs");
        assert_eq!(owner(own, "/home/ann/pack", &alone), Owner::Workspace);
        assert_eq!(owner(fetched, "/home/ann/pack", &alone), Owner::Dependency("tar-0.4.1".to_owned()));
        assert_eq!(owner(own, "/lib/other.so", &alone), Owner::Dependency("pack".to_owned()));
        assert_eq!(owner(own, "/home/ann/pack", &owners()), Owner::Dependency("pack".to_owned()));
    }

    #[test]
    fn paths_are_shown_as_people_open_them() {
        let shown = |path: &str| owners().shown(Path::new(path));
        assert_eq!(shown("/home/ann/ws/demo/src/lib.rs"), "demo/src/lib.rs");
        assert_eq!(shown("/x/registry/src/index-1/tar-0.4.1/src/lib.rs"), "tar-0.4.1/src/lib.rs");
        assert_eq!(shown("/rustc/5980/library/alloc/src/vec/mod.rs"), "alloc/src/vec/mod.rs");
        assert_eq!(shown("/usr/include/x.h"), "/usr/include/x.h");
    }
}
