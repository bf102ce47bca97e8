//! Memory that kmalloc gave, which gives itself back.
#![expect(unsafe_code, reason = "hands out the bytes of an object or a block")]

use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};

use super::cache_core::CacheCore;
use super::kmalloc_word::Word;
use super::object::ObjectState;
use crate::block::PageBlock;
use crate::machine::Machine;
use crate::page::frame::State;
use crate::units::{FrameNumber, PAGE_SIZE};

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
    pub(crate) machine: &'m Machine,
    word: Word,
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
