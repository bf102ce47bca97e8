//! The call tree of all chains: modules, and in them the outermost functions of the workspace and what they call, with std folded.

use std::collections::HashMap;

use serde::Serialize;

use super::tables::{Frames, NONE, Strings, number};
use crate::chains::frame::{Frame, Owner};
use crate::expectations::function_path;

/// The nodes of the tree, a column for each fact. A parent stands before its children; the first node stands for all chains.
#[derive(Debug, Serialize)]
pub(crate) struct Tree {
    parent: Vec<i32>,
    frame: Vec<i32>,
    /// How many frames it stands for, at most.
    folded: Vec<u32>,
    #[serde(skip)]
    numbers: HashMap<(i32, i32), i32>,
}

impl Tree {
    pub(crate) fn new() -> Tree {
        Tree { parent: vec![NONE], frame: vec![NONE], folded: vec![0], numbers: HashMap::new() }
    }

    /// The node in which a chain ends, given innermost first. The outermost function's module stands above it, for there are as many
    /// outermost functions as tests. Frames of std that call each other are one node: the outermost, which is what somebody called.
    pub(crate) fn add(&mut self, chain: &[Frame], frames: &mut Frames, strings: &mut Strings) -> i32 {
        let outermost = chain.iter().rposition(|frame| frame.owner == Owner::Workspace);
        let chain = &chain[..outermost.map_or(chain.len(), |place| place + 1)];
        let inwards: Vec<&Frame> = chain.iter().rev().collect();
        let inwards = without_shell(&inwards);
        let mut node = 0;
        if let Some(outermost) = inwards.first() {
            let module = frames.module(&module(&outermost.function), strings);
            node = self.child(node, module, 1);
        }
        for run in inwards.chunk_by(|one, next| one.owner == Owner::Std && next.owner == Owner::Std) {
            let frame = frames.add(run[0], strings);
            node = self.child(node, frame, u32::try_from(run.len()).unwrap_or(u32::MAX));
        }
        node
    }

    fn child(&mut self, node: i32, frame: i32, folded: u32) -> i32 {
        let next = number(self.parent.len());
        let child = *self.numbers.entry((node, frame)).or_insert_with(|| {
            self.parent.push(node);
            self.frame.push(frame);
            self.folded.push(0);
            next
        });
        if let Some(most) = usize::try_from(child).ok().and_then(|child| self.folded.get_mut(child)) {
            *most = folded.max(*most);
        }
        child
    }
}

/// Without the closure that the test runner calls, and that does nothing but call the test.
fn without_shell<'a, 'b>(inwards: &'b [&'a Frame]) -> &'b [&'a Frame] {
    match inwards {
        [shell, test, ..] if shell.function.strip_suffix("::{{closure}}") == Some(&test.function) => &inwards[1..],
        _ => inwards,
    }
}

/// The path that a function stands in; its own name where it has none.
fn module(function: &str) -> String {
    let parts = function_path::parts(function);
    let above = parts.len().saturating_sub(1).max(1).min(parts.len());
    parts[..above].join("::")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::sample::frame;

    #[test]
    fn chains_share_their_outer_frames_and_std_is_folded() {
        let std = |name: &str| frame(name, "vec/mod.rs", 1, Owner::Std);
        let own = |name: &str, line| frame(&format!("demo::{name}"), "src/a.rs", line, Owner::Workspace);
        let (mut tree, mut frames, mut strings) = (Tree::new(), Frames::default(), Strings::default());
        let mut add = |chain: &[Frame]| tree.add(chain, &mut frames, &mut strings);
        // What lies beyond the workspace's outermost function is no part of it.
        let one = add(&[std("raw::grow"), std("Vec::push"), own("f", 2), own("g", 9), std("test::run")]);
        let two = add(&[std("raw::shrink"), std("raw::more"), std("Vec::push"), own("f", 2), own("g", 9)]);
        // What the test runner wraps a test in is left out.
        let other = add(&[own("h", 1), own("g", 9), own("g::{{closure}}", 8)]);
        assert_eq!((one, two, other), (4, 4, 5));
        assert_eq!((tree.parent, tree.folded), (vec![NONE, 0, 1, 2, 3, 2], vec![0, 1, 1, 1, 3, 1]));
        assert_eq!(tree.frame.len(), 6);
        assert_eq!(strings.texts()[0], "demo");
    }

    #[test]
    fn the_module_is_the_path_without_the_function() {
        let told = ["demo::a::tests::f", "demo::main", "main", "<demo::a::S<T> as Clone>::clone", ""].map(module);
        assert_eq!(told[..3], ["demo::a::tests", "demo", "main"]);
        assert!(told[3].starts_with("demo::a"), "{told:?}");
    }

    #[test]
    fn a_chain_without_frames_ends_in_the_root() {
        assert_eq!(Tree::new().add(&[], &mut Frames::default(), &mut Strings::default()), 0);
    }
}
