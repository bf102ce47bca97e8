//! Memory that kmalloc gave, which gives itself back.
#![expect(unsafe_code, reason = "hands out the bytes of an object or a block")]

use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};

use super::cache_core::CacheCore;
use super::object::ObjectState;
use super::registry::{CLASSES, OBJECT_MAX};
use crate::block::PageBlock;
use crate::machine::Machine;
use crate::page::frame::{NO_ZONE, State};
use crate::page::per_cpu::PerCpu;
use crate::units::{FrameNumber, Order, PAGE_SIZE};

/// Where memory of no bytes is: an address that is not null, and that nobody may touch.
pub const ZERO_SIZE_PTR: NonNull<u8> = match NonNull::new(ptr::without_provenance_mut(16)) {
    Some(pointer) => pointer,
    None => unreachable!(),
};

/// Memory that kmalloc gave; it gives itself back on drop (`kfree`).
///
/// It is two words, so that it travels in registers.
///
/// # Invariants
/// What the word says is there, in the machine's memory: an object of the class in state `Held`, or a block. This is its only
/// owner, and as many bytes of it may be used as the word says.
pub struct KmallocBox<'m> {
    machine: &'m Machine,
    word: Word,
}

/// What stands behind a box, in one word. The lowest 44 bits are an address in memory, the highest four a class:
///
/// - an object: where it begins, between them the bytes that were asked for, less one, and its class;
/// - a block: the last byte that was asked for, the number of its list, of which the order tells where the block begins, and a
///   class that there is not;
/// - no bytes: all bits set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(u64);

/// Bits of an address in memory: there are at most 2 to the 32nd frames.
const AT: u32 = u32::BITS + PAGE_SIZE.trailing_zeros();
const CLASS: u32 = 60;
/// The class of no object.
const BLOCK: u64 = 15;
const _: () = assert!((CLASSES.len() as u64) < BLOCK && OBJECT_MAX <= 1 << (CLASS - AT));
const _: () = assert!(PerCpu::list(NO_ZONE as usize, Order::LIMIT) < 1 << (CLASS - AT - 1));

impl Word {
    /// No bytes.
    pub(super) const NOTHING: Word = Word(u64::MAX);

    /// An object of a class, of whose bytes `size` were asked for: at least one.
    #[inline(always)]
    pub(super) fn object(class: usize, at: usize, size: usize) -> Word {
        Word(at as u64 | (size as u64 - 1) << AT | (class as u64) << CLASS)
    }

    /// A block of whose bytes `size` were asked for: at least one.
    pub(super) fn block(frame: FrameNumber, list: u32, size: usize) -> Word {
        Word((u64::from(frame.0) * PAGE_SIZE as u64 + size as u64 - 1) | u64::from(list) << AT | BLOCK << CLASS)
    }

    #[inline(always)]
    fn is_object(self) -> bool {
        self.0 < BLOCK << CLASS
    }

    /// The class of an object, or one that there is not.
    #[inline(always)]
    fn class(self) -> usize {
        (self.0 >> CLASS) as usize
    }

    /// What stands between address and class.
    #[inline(always)]
    fn middle(self) -> usize {
        (self.0 >> AT) as usize & ((1 << (CLASS - AT)) - 1)
    }

    /// The number of a block's list.
    fn list(self) -> u32 {
        self.middle() as u32
    }

    /// Where an object begins; the last byte of a block.
    #[inline(always)]
    fn at(self) -> usize {
        self.0 as usize & ((1 << AT) - 1)
    }

    /// Where a block begins, and how many of its bytes were asked for.
    #[inline]
    fn of_block(self) -> (usize, usize) {
        let bytes = PAGE_SIZE << PerCpu::order_of_list(self.list()).get();
        (self.at() & !(bytes - 1), (self.at() & (bytes - 1)) + 1)
    }
}

/// What stands behind a box.
enum Piece<'m> {
    Nothing,
    /// An object, so many bytes behind the start of memory.
    Object(&'m CacheCore, usize),
    Pages(ManuallyDrop<PageBlock<'m>>),
}

impl<'m> KmallocBox<'m> {
    /// The owner of what a word says, which was just taken.
    #[inline(always)]
    pub(super) fn new(machine: &'m Machine, word: Word) -> KmallocBox<'m> {
        // INVARIANT: the caller took it, and makes no other owner of it.
        KmallocBox { machine, word }
    }

    fn piece(&self) -> Piece<'m> {
        match self.word {
            Word::NOTHING => Piece::Nothing,
            word => match self.machine.slabs.class_at(word.class()) {
                Some(class) => Piece::Object(class, word.at()),
                None => {
                    let frame = FrameNumber((word.of_block().0 / PAGE_SIZE) as u32);
                    Piece::Pages(ManuallyDrop::new(PageBlock::at_hand(self.machine, frame, word.list())))
                }
            },
        }
    }

    pub(super) fn machine(&self) -> &'m Machine {
        self.machine
    }

    #[inline(always)]
    fn memory(&self) -> NonNull<[u8]> {
        let word = self.word;
        let (at, size) = match word {
            word if word.is_object() => (word.at(), word.middle() + 1),
            Word::NOTHING => return NonNull::slice_from_raw_parts(ZERO_SIZE_PTR, 0),
            word => word.of_block(),
        };
        // SAFETY: by the invariant an object or a block begins there, within the machine's memory.
        NonNull::slice_from_raw_parts(unsafe { self.machine.arena.at(at) }, size)
    }

    /// The bytes, as many as were asked for.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: 1. By the invariant the bytes lie within the host's pages, which are initialised and live as long as the
        // machine; or there are none. 2. By the invariant this is the only owner, and the machine touches nothing that has
        // one; so nobody writes while `self` is borrowed.
        unsafe { self.memory().as_ref() }
    }

    /// The bytes, to write.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `self` is borrowed exclusively.
        unsafe { self.memory().as_mut() }
    }

    /// How large the memory could be without being moved (`ksize`).
    pub fn ksize(&self) -> usize {
        match self.piece() {
            Piece::Nothing => 0,
            Piece::Object(class, _) => class.shape.usable,
            Piece::Pages(block) => block.memory().len(),
        }
    }

    /// Changes how many bytes it is said to have: to at least one, and at most `ksize`.
    pub(super) fn resize(&mut self, size: usize) {
        debug_assert!(0 < size && size <= self.ksize());
        // INVARIANT: what the caller says.
        self.word = match self.piece() {
            Piece::Nothing => Word::NOTHING,
            Piece::Object(_, at) => Word::object(self.word.class(), at, size),
            Piece::Pages(block) => Word::block(block.frame(), self.word.list(), size),
        };
    }

    /// Where the memory is; [`ZERO_SIZE_PTR`] if it has no bytes.
    #[inline]
    pub fn as_ptr(&self) -> NonNull<u8> {
        self.memory().cast()
    }

    /// Turns the memory into a bare pointer, as kernel code passes it around. It comes back through [`Machine::kfree`].
    pub fn into_raw(self) -> NonNull<u8> {
        // INVARIANT: by becoming a pointer, the owner becomes the state of the object, or the entry of the frame.
        let this = ManuallyDrop::new(self);
        match this.piece() {
            Piece::Nothing => {}
            Piece::Object(_, at) => this.machine.slabs.books.objects.set(at, ObjectState::Raw),
            Piece::Pages(block) => this.machine.raw().frames.at(block.frame().0).state = State::Kmalloc,
        }
        this.as_ptr()
    }

    /// Gives a block back, or nothing.
    #[inline(never)]
    fn give_block(self) {
        if let Piece::Pages(block) = ManuallyDrop::new(self).piece() {
            drop(ManuallyDrop::into_inner(block));
        }
    }
}

impl fmt::Debug for KmallocBox<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KmallocBox({} of {} bytes)", self.bytes().len(), self.ksize())
    }
}

impl Drop for KmallocBox<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        let (machine, word) = (self.machine, self.word);
        match machine.slabs.class_at(word.class()) {
            // SAFETY: the invariant, and that this owner ends here.
            Some(class) => unsafe { machine.give_owned(class, word.at()) },
            // By words, so that no box has to lie in memory for this.
            None => KmallocBox::new(machine, word).give_block(),
        }
    }
}
