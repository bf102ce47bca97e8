//! Whose a function is: the user's, a dependency's, std's, firsthit's, or nobody's that one could name.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::escape;
use crate::symbols::Symbol;

/// Whose code a frame runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    User,
    /// A crate that the user depends on, as `name-version`.
    Dependency(String),
    /// A crate of the standard library, or one that does its work elsewhere; empty for the shims of the compiler.
    Std(String),
    /// This harness.
    Firsthit,
    /// No Rust path and no file: a C function without debugging information, or a bare offset.
    Nameless,
}

/// Folders of the standard library's sources that relative paths may begin with.
const STD_CRATES: [&str; 9] =
    ["alloc", "core", "std", "test", "proc_macro", "panic_abort", "panic_unwind", "unwind", "std_detect"];

/// Crates that allocate on behalf of whoever called them, as `alloc` does: never the place to mend.
const CONTAINERS: [&str; 2] = ["allocator-api2", "hashbrown"];

/// The allocator that machines are of, which is where a simulated failure comes from and never the place to mend; its functions'
/// paths begin with the second, and its sources lie in the first.
const MACHINES: [&str; 2] = ["alloc-core", "alloc_core"];

/// Prefixes of functions that the compiler and the C runtime add around Rust code.
const SHIMS: [&str; 9] =
    ["__rust", "__rdl_", "__rg_", "rust_begin", "rust_eh_", "__libc_start", "start_thread", "clone3", "__clone"];

/// Finds owners and prints places, for a user who works in one folder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frames<'a> {
    /// The workspace's folder; what lies below it is the user's.
    pub(crate) base: &'a Path,
}

impl Frames<'_> {
    /// Decides by file where there is one: an inlined function lies in its own file, and line tables without types
    /// name functions without their paths.
    pub(super) fn owner(self, symbol: &Symbol) -> Owner {
        if is_firsthit(&symbol.function) {
            return Owner::Firsthit;
        }
        // The allocator's shims carry the file that the user declared the allocator in.
        if is_shim(&symbol.function) {
            return Owner::Std(String::new());
        }
        if root(&symbol.function) == MACHINES[1] && symbol.function.contains("::") {
            return Owner::Std(MACHINES[0].to_owned());
        }
        let Some(file) = &symbol.file else { return owner_by_name(&symbol.function) };
        if file.starts_with(concat!(env!("CARGO_MANIFEST_DIR"), "/src")) {
            return Owner::Firsthit;
        }
        if let Some(krate) = library(&slashes(file)) {
            return Owner::Std(krate.to_owned());
        }
        let below = self.below_base(file);
        let path = slashes(below.as_deref().unwrap_or(file));
        match dependency(&path) {
            Some((krate, _)) if krate.starts_with("firsthit-0") => Owner::Firsthit,
            Some((krate, _)) if is_container(&krate) => Owner::Std(krate),
            Some((krate, _)) => Owner::Dependency(krate),
            None => Owner::User,
        }
    }

    /// The file as the user would open it, or within its crate; nothing if no file is known.
    pub(super) fn path(self, symbol: &Symbol) -> Option<String> {
        symbol.file.as_deref().map(|file| self.shown(file))
    }

    /// `file` as the user would open it, or within its crate.
    pub(crate) fn shown(self, file: &Path) -> String {
        let below = self.below_base(file);
        let path = slashes(below.as_deref().unwrap_or(file));
        let path = match dependency(&path) {
            Some((krate, rest)) => format!("{krate}/{rest}"),
            None => path,
        };
        escape::name(&path)
    }

    /// `file:line:column`, as far as they are known.
    pub(super) fn place(self, symbol: &Symbol) -> Option<String> {
        let mut place = self.path(symbol)?;
        for number in [symbol.line, symbol.column] {
            let Some(number) = number else { break };
            let _ = write!(place, ":{number}");
        }
        Some(place)
    }

    fn below_base(self, file: &Path) -> Option<PathBuf> {
        // Below the root lies everything, which tells nothing.
        self.base.parent()?;
        let below = file.strip_prefix(self.base).ok()?;
        Some(below.components().collect())
    }
}

/// The folder that paths are shown from: the nearest one above `folder` with a `Cargo.lock`, else `folder` itself.
pub(crate) fn base(folder: &Path) -> &Path {
    folder.ancestors().find(|above| above.join("Cargo.lock").is_file()).unwrap_or(folder)
}

fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// The crate of the standard library that a source path lies in.
pub(crate) fn library(path: &str) -> Option<&str> {
    for (at, folder) in path.match_indices("library/") {
        let (before, krate) = (&path[..at], folder_at(&path[at + folder.len()..]));
        let shipped = before.starts_with("/rustc/") || before.ends_with("/rustlib/src/rust/");
        if shipped || before.is_empty() && STD_CRATES.contains(&krate) {
            return Some(krate);
        }
    }
    if let Some(rest) = path.strip_prefix("/rust/deps/") {
        let krate = folder_at(rest);
        return Some(krate.rsplit_once('-').map_or(krate, |(name, _)| name));
    }
    path.starts_with("/rustc/").then_some("std")
}

fn folder_at(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

/// The crate, with its version or commit, and the path within it, of a source that cargo fetched.
pub(crate) fn dependency(path: &str) -> Option<(String, &str)> {
    if let Some((_, rest)) = path.split_once("/registry/src/") {
        let (_registry, rest) = rest.split_once('/')?;
        let (krate, rest) = rest.split_once('/')?;
        return Some((krate.to_owned(), rest));
    }
    let (_, rest) = path.split_once("/git/checkouts/").or_else(|| path.split_once(".cargo/git/"))?;
    let (repository, rest) = rest.split_once('/')?;
    let (commit, rest) = rest.split_once('/')?;
    let name = repository.rsplit_once('-').map_or(repository, |(name, _)| name);
    Some((format!("{name}-{commit}"), rest))
}

fn is_container(krate: &str) -> bool {
    krate.rsplit_once('-').is_some_and(|(name, _)| CONTAINERS.contains(&name))
}

fn is_firsthit(function: &str) -> bool {
    root(function) == "firsthit" || function.starts_with("firsthit_") && !function.contains("::")
}

fn is_shim(function: &str) -> bool {
    SHIMS.iter().any(|shim| function.starts_with(shim))
}

fn owner_by_name(function: &str) -> Owner {
    let root = root(function);
    if ["main", "_start"].contains(&function) {
        Owner::Std(String::new())
    } else if (STD_CRATES.contains(&root) || root == "hashbrown") && function.contains("::") {
        // Nearly every program has std's copy of hashbrown, and few have another.
        Owner::Std(root.to_owned())
    } else if function.contains("::") {
        Owner::User
    } else {
        Owner::Nameless
    }
}

/// The crate that a path or its self type begins with; the trait's, where the type is a mere parameter.
pub(crate) fn root(function: &str) -> &str {
    let mut rest = function;
    loop {
        let before = rest;
        rest = rest.trim_start_matches(['<', '&', '*', '(', '[', ' ']);
        for word in ["mut ", "const ", "dyn ", "impl "] {
            rest = rest.strip_prefix(word).unwrap_or(rest);
        }
        if rest == before {
            break;
        }
    }
    let first = rest.split("::").next().unwrap_or(rest);
    first.rsplit(" as ").next().unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::{Frames, Owner};
    use crate::symbols::Symbol;
    use std::path::Path;

    const HASH: &str = "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860";

    fn symbol(function: &str, file: &str) -> Symbol {
        let file = (!file.is_empty()).then(|| file.into());
        Symbol { function: function.to_owned(), file, line: Some(7), column: Some(3) }
    }

    fn owner(function: &str, file: &str) -> Owner {
        Frames { base: Path::new("/home/ann/demo") }.owner(&symbol(function, file))
    }

    fn place(file: &str) -> String {
        Frames { base: Path::new("/home/ann/demo") }.place(&symbol("f", file)).unwrap()
    }

    #[test]
    fn std_is_known_by_its_files() {
        let std = |krate: &str| Owner::Std(krate.to_owned());
        assert_eq!(owner("push<u64>", &format!("{HASH}/library/alloc/src/vec/mod.rs")), std("alloc"));
        let installed = "/home/ann/.rustup/toolchains/stable/lib/rustlib/src/rust/library/core/src/option.rs";
        assert_eq!(owner("demo::Own as core::Trait", installed), std("core"));
        assert_eq!(owner("f", "library/test/src/lib.rs"), std("test"));
        assert_eq!(owner("f", "library/books/src/lib.rs"), Owner::User);
        assert_eq!(owner("f", "/home/ann/demo/library/std/shelf.rs"), Owner::User);
        let below = "/home/library/.rustup/lib/rustlib/src/rust/library/alloc/src/boxed.rs";
        assert_eq!(owner("f", below), std("alloc"));
        assert_eq!(owner("hashbrown::raw::f", "/rust/deps/hashbrown-0.16.1/src/raw.rs"), std("hashbrown"));
        assert_eq!(owner("f", &format!("{HASH}\\library\\std\\src\\io.rs")), std("std"));
    }

    #[test]
    fn without_a_file_the_name_decides() {
        let std = |krate: &str| Owner::Std(krate.to_owned());
        assert_eq!(owner("alloc::vec::Vec<T,A>::push", ""), std("alloc"));
        assert_eq!(owner("<alloc::vec::Vec<demo::Item> as core::clone::Clone>::clone", ""), std("alloc"));
        assert_eq!(owner("<T as alloc::string::ToString>::to_string", ""), std("alloc"));
        assert_eq!(owner("<&mut dyn core::fmt::Write>::f", ""), std("core"));
        assert_eq!(owner("<demo::Item as core::clone::Clone>::clone", ""), Owner::User);
        assert_eq!(owner("hashbrown::raw::RawTable<T,A>::reserve_rehash", ""), std("hashbrown"));
        assert_eq!(owner("__rustc::__rust_alloc", ""), std(""));
        assert_eq!(owner("__rustc::__rust_alloc", "/home/ann/demo/src/lib.rs"), std(""));
        assert_eq!(owner("rust_begin_unwind", ""), std(""));
        assert_eq!(owner("sqlite3_malloc", ""), Owner::Nameless);
        assert_eq!(owner("libdemo.so+0x1234", ""), Owner::Nameless);
        assert_eq!(owner("", ""), Owner::Nameless);
    }

    #[test]
    fn a_function_of_the_user_on_a_type_of_std_is_the_users() {
        assert_eq!(owner("<alloc::vec::Vec<T> as demo::Grow>::grow", "/home/ann/demo/src/grow.rs"), Owner::User);
    }

    #[test]
    fn dependencies_carry_their_version_or_commit() {
        let registry = "/home/ann/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/smallvec-1.13.2/src/lib.rs";
        assert_eq!(owner("smallvec::f", registry), Owner::Dependency("smallvec-1.13.2".to_owned()));
        assert_eq!(place(registry), "smallvec-1.13.2/src/lib.rs:7:3");
        let git = "/home/ann/.cargo/git/checkouts/arena-a1b2c3/9f8e7d6/src/lib.rs";
        assert_eq!(owner("arena::f", git), Owner::Dependency("arena-9f8e7d6".to_owned()));
        assert_eq!(place(git), "arena-9f8e7d6/src/lib.rs:7:3");
    }

    #[test]
    fn containers_are_folded_like_std_unless_they_are_the_users() {
        let registry = "/home/ann/.cargo/registry/src/index/hashbrown-0.14.5/src/raw/mod.rs";
        assert_eq!(owner("hashbrown::raw::f", registry), Owner::Std("hashbrown-0.14.5".to_owned()));
        assert_eq!(owner("hashbrown::raw::f", "/home/ann/demo/src/raw/mod.rs"), Owner::User);
        let other = "/home/ann/.cargo/registry/src/index/hashbrown-extras-1.0.0/src/lib.rs";
        assert_eq!(owner("f", other), Owner::Dependency("hashbrown-extras-1.0.0".to_owned()));
    }

    #[test]
    fn a_crate_opened_inside_the_registry_is_the_users() {
        let base = "/home/ann/.cargo/registry/src/index/smallvec-1.13.2";
        let symbol = symbol("smallvec::f", &format!("{base}/src/lib.rs"));
        let frames = Frames { base: Path::new(base) };
        assert_eq!(frames.owner(&symbol), Owner::User);
        assert_eq!(frames.place(&symbol).unwrap(), "src/lib.rs:7:3");
    }

    #[test]
    fn only_this_crate_is_firsthit() {
        assert_eq!(owner("firsthit::scope::enter", ""), Owner::Firsthit);
        assert_eq!(owner("<firsthit::Alloc as core::alloc::GlobalAlloc>::alloc", ""), Owner::Firsthit);
        assert_eq!(owner("firsthit_boundary", ""), Owner::Firsthit);
        assert_eq!(owner("enter", concat!(env!("CARGO_MANIFEST_DIR"), "/src/scope.rs")), Owner::Firsthit);
        assert_eq!(owner("f", "/x/registry/src/index/firsthit-0.1.0/src/lib.rs"), Owner::Firsthit);
        assert_eq!(owner("firsthit_fixtures::buggy::leak", "/home/ann/demo/src/buggy.rs"), Owner::User);
    }

    #[test]
    fn places_are_relative_below_the_base_only() {
        assert_eq!(place("/home/ann/demo/./src/lib.rs"), "src/lib.rs:7:3");
        assert_eq!(place("/home/ann/demolition/src/lib.rs"), "/home/ann/demolition/src/lib.rs:7:3");
        let root = Frames { base: Path::new("/") };
        assert_eq!(root.place(&symbol("f", "/src/lib.rs")).unwrap(), "/src/lib.rs:7:3");
        let mut no_column = symbol("f", "/home/ann/demo/a\u{1b}.rs");
        no_column.column = None;
        let frames = Frames { base: Path::new("/home/ann/demo") };
        assert_eq!(frames.place(&no_column).unwrap(), r"a\u{1b}.rs:7");
    }

    #[test]
    fn the_base_is_the_workspace() {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(super::base(package).join("Cargo.lock").is_file());
        assert_eq!(super::base(Path::new("/no/such/folder")), Path::new("/no/such/folder"));
    }
}
