//! A random tree of calls in which frames are popped and pushed again at one address under other callers.

use core::hint::black_box;

use super::oracle::Probe;
use crate::chain::boundary::{Boundary, within};

const CAPTURES: usize = 300_000;
const DEPTH_MAX: u32 = 24;

struct Tree<'a> {
    probe: &'a mut Probe,
    boundary: Boundary,
    random: u64,
    left: usize,
}

impl Tree<'_> {
    fn next(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 20) % below
    }

    fn capture(&mut self) {
        self.probe.capture(&self.boundary);
        self.left = self.left.saturating_sub(1);
    }

    fn child(&mut self) -> Node {
        NODES[self.next(NODES.len() as u64) as usize]
    }
}

type Node = fn(&mut Tree<'_>, u32) -> u64;

/// A function with a frame of its own size, which captures and calls from several places.
#[inline(never)]
fn plain<const KIND: usize, const SIZE: usize>(tree: &mut Tree<'_>, depth: u32) -> u64 {
    let mut frame = black_box([KIND as u8; SIZE]);
    for _ in 0..tree.next(3) + 1 {
        if tree.left == 0 {
            break;
        }
        frame[0] = frame[0].wrapping_add(match tree.next(5) {
            _ if depth == 0 => leave(tree),
            0 => leave(tree),
            1 => tree.child()(tree, depth - 1),
            2 => tree.child()(tree, depth - 1).wrapping_mul(3),
            3 => plain::<KIND, SIZE>(tree, depth - 1) ^ 5,
            _ => {
                let child = tree.child();
                child(tree, depth - 1);
                child(tree, depth - 1) + 1
            }
        } as u8);
    }
    u64::from(black_box(&frame)[SIZE / 2])
}

/// Over-aligned locals make the compiler measure the frame from the frame pointer, with or without the flag.
#[inline(never)]
fn aligned<const KIND: usize>(tree: &mut Tree<'_>, depth: u32) -> u64 {
    #[repr(align(64))]
    struct Line([u64; 8]);
    let mut line = black_box(Line([KIND as u64; 8]));
    if depth > 0 && tree.left > 0 {
        line.0[1] = tree.child()(tree, depth - 1);
        if line.0[1].is_multiple_of(2) {
            line.0[2] = tree.child()(tree, depth - 1);
        }
    }
    line.0[3] = leave(tree);
    black_box(&line).0[(line.0[3] % 8) as usize]
}

#[inline(never)]
fn leave(tree: &mut Tree<'_>) -> u64 {
    if tree.next(2) == 0 {
        tree.capture();
    } else {
        tree.capture();
        tree.capture();
    }
    black_box(tree.random)
}

macro_rules! nodes {
    ($($kind:literal)*) => { [$(
        plain::<$kind, 16> as Node, plain::<$kind, 40>, plain::<$kind, 104>, aligned::<$kind>,
    )*] };
}

static NODES: [Node; 64] = nodes!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);

#[test]
fn a_random_tree_gives_every_chain_its_own_identity() {
    let mut probe = Probe::new();
    let mut random = 0x9e37_79b9_7f4a_7c15;
    while probe.captures < CAPTURES {
        // Boundaries come back at the same address, with the walker's memory of what ran there before.
        within(|boundary| {
            let left = 2_000;
            let mut tree = Tree { probe: &mut probe, boundary, random, left };
            while tree.left > 0 {
                tree.child()(&mut tree, DEPTH_MAX);
            }
            random = tree.random;
        });
    }
    eprintln!(
        "{} captures, {} chains, {} lists and {} identities wrong",
        probe.captures,
        probe.chains(),
        probe.wrong_lists,
        probe.wrong_ids
    );
    probe.assert_exact();
    assert!(probe.chains() > CAPTURES / 20, "only {} different chains", probe.chains());
}
