//! A recorded chain with names: whether it is to be failed, and by what it is known again.

use std::collections::HashMap;
use std::sync::Arc;

use firsthit::program::facts::{Chain, Function};

use crate::chains::chain_id::ChainId;
use crate::chains::frame::{Frame, Owner};
use crate::chains::symbols::Place;
use crate::chains::test_code::TestCode;
use crate::results::outcome::Request;
use crate::test_id::TestId;

/// Why a chain is not to be failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LeftOut {
    /// No function of the code under test is on it.
    OutOfScope,
    /// It was made by the test itself, or by what the test alone uses, not by the code that it tests.
    OfTheTest,
    /// It is met where std panics or prints a backtrace.
    Quiet,
}

/// A chain with its names.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// Innermost first, from the allocator's caller to the outermost function of the workspace; none of a chain that is
    /// left out.
    pub(crate) frames: Vec<Frame>,
    pub(crate) request: Request,
    pub(crate) left_out: Option<LeftOut>,
    /// Of a chain that is met only behind failures: the one whose failure it is.
    pub(crate) behind: Option<ChainId>,
}

/// Names a chain, whose frames are given innermost first, without those of the preloaded library.
pub(crate) fn named(chain: &Chain, places: &[Arc<Place>], code: &TestCode) -> Named {
    let quiet = chain.quiet || places.iter().any(|place| place.is_quiet);
    // Beyond the innermost frame of the test runner, or of std's start of a program, lies the `main` that calls it.
    let runner = places.iter().position(|place| place.runner.is_some()).unwrap_or(places.len());
    let last = places.get(runner).and_then(|place| place.frames.get(..place.runner?)).unwrap_or_default();
    let mut frames: Vec<&Frame> = places[..runner].iter().flat_map(|place| &place.frames).chain(last).collect();
    let request = Request {
        function: match (chain.function, chain.align) {
            (Function::Calloc, _) => "calloc",
            (Function::Realloc, _) => "realloc",
            (Function::Spawn, _) => "pthread_create",
            (Function::Malloc, 0) => "malloc",
            (Function::Malloc, _) => "aligned_alloc",
        }
        .to_owned(),
        size: chain.size,
        align: chain.align,
        old_size: 0,
    };
    if places.iter().any(|place| place.is_allocator) {
        frames.drain(..own_allocator(&frames));
    }
    let outermost = frames.iter().rposition(|frame| frame.owner == Owner::Workspace);
    frames.truncate(outermost.map_or(usize::MAX, |place| place + 1));
    let by = frames.iter().find(|frame| matches!(frame.owner, Owner::Workspace | Owner::Dependency(_))).copied();
    let is_tested = |frame: &Frame| frame.owner == Owner::Workspace && !code.has(frame);
    let left_out = match outermost {
        _ if quiet => Some(LeftOut::Quiet),
        None => Some(LeftOut::OutOfScope),
        Some(_) if by.is_some_and(|by| code.has(by)) || !frames.iter().any(|frame| is_tested(frame)) => {
            Some(LeftOut::OfTheTest)
        }
        Some(_) => None,
    };
    // Of what is left out nobody asks the frames, but of a thread's beginning.
    let is_told = left_out.is_none() || chain.function == Function::Spawn;
    let frames = if is_told { frames.into_iter().cloned().collect() } else { Vec::new() };
    Named { frames, request, left_out, behind: None }
}

/// How many of the innermost frames are an allocator's that the program has before the C library's: whoever allocates
/// comes by there, which makes it nobody's code under test.
///
/// Where it is called by its own name, not through std's door to it, it is what is tested.
fn own_allocator(frames: &[&Frame]) -> usize {
    let is_door = |frame: &Frame| frame.owner == Owner::Std && !frame.is_allocator();
    let last = frames.windows(2).rposition(|pair| pair[0].is_allocator() && is_door(pair[1]));
    // That of std itself has no frames of others within.
    last.filter(|last| frames[..=*last].iter().any(|frame| frame.owner != Owner::Std)).map_or(0, |last| last + 1)
}

/// Gives chains their identities: names without lines, and a number among those of equal names.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    given: HashMap<ChainId, u32>,
}

impl Identities {
    /// The identities of chains that were recorded together: those of equal names are numbered in the order of their
    /// places in the source, outermost first, which stays when other code changes.
    pub(crate) fn of(&mut self, test: &TestId, chains: &[(&Named, Option<ChainId>)]) -> Vec<ChainId> {
        let mut order: Vec<usize> = (0..chains.len()).collect();
        let place = |chain: usize| -> Vec<_> {
            chains[chain].0.frames.iter().rev().map(|frame| (frame.file.as_deref(), frame.line, frame.column)).collect()
        };
        order.sort_by_cached_key(|chain| (place(*chain), *chain));
        let mut ids = vec![ChainId(0); chains.len()];
        for number in order {
            let (named, spawned_by) = chains[number];
            let spawned_by = spawned_by.map(|id| id.to_string()).unwrap_or_default();
            let about = [&test.binary, &test.name, &named.request.function, &spawned_by].map(String::as_str);
            let names = named.frames.iter().map(|frame| frame.function.as_str());
            let equals = ChainId::of(about.into_iter().chain(names.clone()));
            let nth = self.given.entry(equals).or_insert(0);
            let rank = nth.to_string();
            *nth += 1;
            ids[number] = ChainId::of(about.into_iter().chain(names).chain([rank.as_str()]));
        }
        ids
    }

    /// The identity of a chain behind the failure of the one with the identity `first`. Such chains are met one by one, so those of
    /// equal names cannot be put in order: their lines tell them apart.
    pub(crate) fn behind(&mut self, first: ChainId, named: &Named, spawned_by: Option<ChainId>) -> ChainId {
        let place = |frame: &Frame| {
            let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
            [frame.function.clone(), number(frame.line), number(frame.column)]
        };
        let spawned_by = spawned_by.map(|id| id.to_string()).unwrap_or_default();
        let about = [first.to_string(), named.request.function.clone(), spawned_by].into_iter();
        let words: Vec<String> = about.chain(named.frames.iter().flat_map(place)).collect();
        let words = words.iter().map(String::as_str);
        let nth = self.given.entry(ChainId::of(words.clone())).or_insert(0);
        let rank = nth.to_string();
        *nth += 1;
        ChainId::of(words.chain([rank.as_str()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(function: &str, line: u32, owner: Owner) -> Frame {
        Frame { function: function.to_owned(), file: Some("src/lib.rs".into()), line: Some(line), column: None, owner }
    }

    fn chain() -> Chain {
        let frames = Vec::new();
        Chain {
            id: [1, 2],
            frames,
            function: Function::Malloc,
            size: 8,
            align: 0,
            spawned_by: None,
            behind: None,
            quiet: false,
        }
    }

    fn test() -> TestId {
        TestId { binary: "demo".to_owned(), name: "tests::grows".to_owned() }
    }

    fn name(frames: &[(&str, u32, Owner)]) -> Named {
        let frames = frames.iter().map(|(function, line, owner)| frame(function, *line, owner.clone())).collect();
        let frames: Vec<Frame> = frames;
        named(&chain(), &[Arc::new(Place::of(frames))], &TestCode::new("demo", &test(), &[], &["".into()]))
    }

    #[test]
    fn only_what_the_code_under_test_asks_for_is_to_be_failed() {
        let std = || ("alloc::vec::Vec<T>::push", 9, Owner::Std);
        let main = || ("std::panicking::try::do_call", 9, Owner::Std);
        let in_test = || ("demo::tests::grows", 70, Owner::Workspace);
        let tar = || ("tar::Builder::new", 5, Owner::Dependency("tar-1".to_owned()));
        let runner = || ("test::run_test", 9, Owner::Std);
        let own_main = || ("demo::main", 1, Owner::Workspace);
        let cases = [
            (vec![std(), runner(), own_main()], Some(LeftOut::OutOfScope), 0),
            (vec![std(), ("demo::Cache::grow", 5, Owner::Workspace), in_test(), runner(), own_main()], None, 3),
            (vec![std(), tar(), ("demo::pack", 5, Owner::Workspace), in_test(), main()], None, 4),
            (vec![std(), tar(), in_test(), main()], Some(LeftOut::OfTheTest), 0),
            // The code under test calls back.
            (
                vec![std(), in_test(), ("demo::each", 5, Owner::Workspace), in_test(), main()],
                Some(LeftOut::OfTheTest),
                0,
            ),
            (vec![std(), in_test(), main()], Some(LeftOut::OfTheTest), 0),
            (vec![std(), main()], Some(LeftOut::OutOfScope), 0),
            (vec![std(), ("std::panicking::begin", 1, Owner::Std), in_test(), main()], Some(LeftOut::Quiet), 0),
        ];
        for (frames, left_out, kept) in cases {
            let named = name(&frames);
            assert_eq!((named.left_out, named.frames.len()), (left_out, kept), "{frames:?}");
        }
    }

    #[test]
    fn an_allocator_before_the_c_librarys_is_nobodys_code_under_test() {
        let own = ("<demo::Counting as core::alloc::global::GlobalAlloc>::alloc", 1, Owner::Workspace);
        let system = ("<std::alloc::System as core::alloc::global::GlobalAlloc>::alloc", 1, Owner::Std);
        let (door, push) = (("__rustc::__rust_alloc", 1, Owner::Std), ("alloc::vec::Vec<T,A>::push", 1, Owner::Std));
        let (grow, test) = (("demo::grow", 1, Owner::Workspace), ("demo::tests::grows", 1, Owner::Workspace));
        let of = |frames: &[_]| {
            let named = name(frames);
            (named.left_out, named.frames.first().map(|frame| frame.function.clone()).unwrap_or_default())
        };
        let begins = |with: &(&str, u32, Owner)| (None, with.0.to_owned());
        assert_eq!(of(&[own.clone(), door.clone(), push.clone(), grow.clone()]), begins(&door));
        assert_eq!(of(&[own.clone(), door.clone(), push.clone()]).0, Some(LeftOut::OutOfScope));
        assert_eq!(of(&[own.clone(), test]), begins(&own), "called by name");
        assert_eq!(of(&[system.clone(), door, push, grow]), begins(&system));
    }

    #[test]
    fn an_identity_stays_when_lines_shift_and_tells_two_calls_of_one_function_apart() {
        let grow = |line| name(&[("push", 9, Owner::Std), ("demo::grow", line, Owner::Workspace)]);
        let ids = |lines: &[u32]| {
            let named: Vec<_> = lines.iter().map(|line| grow(*line)).collect();
            let with: Vec<_> = named.iter().map(|named| (named, None)).collect();
            Identities::default().of(&test(), &with)
        };
        let two = ids(&[10, 20]);
        assert_ne!(two[0], two[1]);
        assert_eq!(ids(&[25, 15]), [two[1], two[0]], "by place, not by the order in which they were met");
        assert_eq!(ids(&[7])[0], two[0]);
    }

    #[test]
    fn the_test_the_spawner_and_what_is_asked_count() {
        let one = name(&[("demo::grow", 1, Owner::Workspace)]);
        let calloc = Named { request: Request { function: "calloc".to_owned(), ..one.request.clone() }, ..one.clone() };
        let other_test = TestId { name: "tests::other".to_owned(), ..test() };
        let id = |test: &TestId, named: &Named, by| Identities::default().of(test, &[(named, by)])[0];
        let ids = [
            id(&test(), &one, None),
            id(&test(), &calloc, None),
            id(&other_test, &one, None),
            id(&test(), &one, Some(ChainId(7))),
        ];
        assert!((1..ids.len()).all(|n| !ids[..n].contains(&ids[n])));
    }
}
