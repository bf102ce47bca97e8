//! How functions, sources and signals are named to people: as reports of sweeps within a program do it.

use crate::explain::{frames, name};

/// The last two parts of a function's path, without generic arguments: `Vec::push` of `alloc::vec::Vec<T,A>::push`.
///
/// ```
/// use firsthit::program::words::short;
///
/// assert_eq!(short("<alloc::vec::Vec<T,A> as core::clone::Clone>::clone"), "Vec::clone");
/// ```
pub fn short(function: &str) -> String {
    name::short(function)
}

/// The crate that a Rust path or its self type begins with; `None` for what is no Rust path.
///
/// ```
/// use firsthit::program::words::krate;
///
/// assert_eq!(krate("<demo::Cache as core::fmt::Debug>::fmt"), Some("demo"));
/// assert_eq!(krate("qsort"), None);
/// ```
pub fn krate(function: &str) -> Option<&str> {
    let root = function.contains("::").then(|| frames::root(function))?;
    // Symbols of newer manglings say which crate of a name: `demo[1f2e3d]`.
    root.split('[').next()
}

/// Whether a source path is the standard library's, or of what it is built with.
pub fn is_std(path: &str) -> bool {
    frames::library(path).is_some()
}

/// The crate, with its version or commit, and the path within it, of a source that Cargo fetched.
pub fn fetched(path: &str) -> Option<(String, &str)> {
    frames::dependency(path)
}

/// A signal with its name, as Linux numbers them: `signal 11 (SIGSEGV)`.
pub fn signal(number: i32) -> String {
    name::signal(number)
}
