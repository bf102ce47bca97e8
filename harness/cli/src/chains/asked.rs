//! The function of std through which memory was asked for, as people call it, and whether it can report a failure.

use firsthit::program::words::short;

use crate::chains::frame::{Frame, Owner};
use crate::results::outcome::Asked;

/// Crates that allocate on behalf of whoever called them, as `alloc` does, with the dash before their versions.
const CONTAINERS: [&str; 2] = ["allocator-api2-", "hashbrown-"];

/// What is told of who asked: the outermost function of std before the first one that is not std's.
///
/// Whether it can report a failure is what its name promises; `ended` overrules that with what was seen: `Some(true)` if
/// the failure came to `handle_alloc_error`, `Some(false)` if the run went on behind it.
pub(crate) fn asked(chain: &[Frame], ended: Option<bool>) -> Option<Asked> {
    let of_std = chain.iter().take_while(|frame| asks_for_others(&frame.owner)).last()?;
    let by = chain.iter().find(|frame| frame.owner == Owner::Workspace).cloned();
    let function = short(&of_std.function);
    let promised = function.rsplit("::").next().is_some_and(|name| name.starts_with("try_"));
    Some(Asked { fallible: ended.map_or(promised, |infallible| !infallible), function, by })
}

/// Whether code of this owner asks on behalf of whoever called it, as std's collections do.
fn asks_for_others(owner: &Owner) -> bool {
    match owner {
        Owner::Std => true,
        Owner::Dependency(name) => CONTAINERS.iter().any(|container| name.starts_with(container)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_function_of_std_asks_for_the_nearest_caller() {
        let frame = |function: &str, owner| Frame {
            function: function.to_owned(),
            file: None,
            line: Some(7),
            column: None,
            owner,
        };
        let dependency = Owner::Dependency("tar-1".to_owned());
        let chain = [
            frame("alloc::raw_vec::RawVec<T,A>::grow", Owner::Std),
            frame("alloc::vec::Vec<T,A>::push", Owner::Std),
            frame("tar::Builder::add", dependency),
            frame("core::iter::map", Owner::Std),
            frame("demo::pack", Owner::Workspace),
        ];
        let seen = asked(&chain, None).unwrap();
        assert_eq!(
            (seen.function.as_str(), seen.fallible, seen.by.unwrap().function.as_str()),
            ("Vec::push", false, "demo::pack")
        );
        assert!(asked(&chain, Some(false)).unwrap().fallible);
        assert!(asked(&chain[2..], None).is_none());
        let hashbrown = Owner::Dependency("hashbrown-0.16.1".to_owned());
        let table = [
            frame("alloc::alloc::alloc", Owner::Std),
            frame("hashbrown::table::HashTable<T,A>::insert_unique", hashbrown),
        ];
        assert_eq!(asked(&table, None).unwrap().function, "HashTable::insert_unique");
    }
}
