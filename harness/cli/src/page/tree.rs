//! The call tree of all chains, from the outermost function of the workspace inwards, with what std does in itself folded.

use std::collections::HashMap;

use serde::Serialize;

use super::tables::{Frames, NONE, Strings, number};
use crate::chains::frame::{Frame, Owner};

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

    /// The node in which a chain ends, given innermost first. Frames of std that call each other are one node: the outermost,
    /// which is what somebody called.
    pub(crate) fn add(&mut self, chain: &[Frame], frames: &mut Frames, strings: &mut Strings) -> i32 {
        let outermost = chain.iter().rposition(|frame| frame.owner == Owner::Workspace);
        let chain = &chain[..outermost.map_or(chain.len(), |place| place + 1)];
        let mut node = 0;
        let inwards: Vec<&Frame> = chain.iter().rev().collect();
        for run in inwards.chunk_by(|one, next| one.owner == Owner::Std && next.owner == Owner::Std) {
            let frame = frames.add(run[0], strings);
            let next = number(self.parent.len());
            let child = *self.numbers.entry((node, frame)).or_insert_with(|| {
                self.parent.push(node);
                self.frame.push(frame);
                self.folded.push(0);
                next
            });
            let folded = u32::try_from(run.len()).unwrap_or(u32::MAX);
            if let Some(most) = usize::try_from(child).ok().and_then(|child| self.folded.get_mut(child)) {
                *most = folded.max(*most);
            }
            node = child;
        }
        node
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::sample::frame;

    #[test]
    fn chains_share_their_outer_frames_and_std_is_folded() {
        let std = |name: &str| frame(name, "vec/mod.rs", 1, Owner::Std);
        let own = |name: &str, line| frame(name, "src/a.rs", line, Owner::Workspace);
        let (mut tree, mut frames, mut strings) = (Tree::new(), Frames::default(), Strings::default());
        let mut add = |chain: &[Frame]| tree.add(chain, &mut frames, &mut strings);
        // What lies beyond the workspace's outermost function is no part of it.
        let one = add(&[std("raw::grow"), std("Vec::push"), own("f", 2), own("g", 9), std("test::run")]);
        let two = add(&[std("raw::shrink"), std("raw::more"), std("Vec::push"), own("f", 2), own("g", 9)]);
        let other = add(&[own("h", 1), own("g", 9)]);
        assert_eq!((one, two, other), (3, 3, 4));
        assert_eq!((tree.parent, tree.folded), (vec![NONE, 0, 1, 2, 1], vec![0, 1, 1, 3, 1]));
        assert_eq!(tree.frame.len(), 5);
    }

    #[test]
    fn a_chain_without_frames_ends_in_the_root() {
        assert_eq!(Tree::new().add(&[], &mut Frames::default(), &mut Strings::default()), 0);
    }
}
