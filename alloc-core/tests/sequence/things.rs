//! What a sequence got and has not given back.

use alloc_core::{Area, FrameNumber, KmallocBox, Order, PAGE_SIZE, PageBlock, Pages, PoolBlock, SlabBox};

use super::pointer::Pointer;

use super::model::{self, Model};

/// Memory, by the ways in which it can be owned.
pub enum Thing<'p, 'm> {
    Block(PageBlock<'m>),
    Area(Area<'m>),
    /// Its pages are shared with others, so only its bytes are looked at.
    Object(KmallocBox<'m>),
    SlabObject(SlabBox<'p>),
    Pointer(Pointer),
    Pooled(PoolBlock<'p, 'm>),
    Token(Pages),
    Number(FrameNumber, Order),
}

/// A thing, its frames, and what was written to it.
pub struct Held<'p, 'm> {
    pub thing: Thing<'p, 'm>,
    runs: Vec<(u32, u64)>,
    stamp: u64,
}

impl<'p, 'm> Held<'p, 'm> {
    /// Enters a thing in the model, and writes to it.
    ///
    /// `base` is the address of frame 0, by which the frames of a pool's block are known.
    pub fn new(model: &mut Model, mut thing: Thing<'p, 'm>, base: usize) -> Held<'p, 'm> {
        let runs: Vec<(u32, u64)> = match &thing {
            Thing::Block(block) => vec![(block.frame().0, block.order().pages())],
            Thing::Area(area) => {
                let pages = 0..area.bytes().len().div_ceil(PAGE_SIZE);
                pages.map(|page| (area.frame_at(page * PAGE_SIZE).expect("a page of the area").0, 1)).collect()
            }
            Thing::Object(_) | Thing::SlabObject(_) | Thing::Pointer(_) => Vec::new(),
            Thing::Pooled(block) => {
                let frame = (block.bytes().as_ptr().addr() - base) / PAGE_SIZE;
                vec![(frame as u32, (block.bytes().len() / PAGE_SIZE) as u64)]
            }
            Thing::Token(pages) => vec![(pages.frame().0, pages.order().pages())],
            Thing::Number(frame, order) => vec![(frame.0, order.pages())],
        };
        runs.iter().for_each(|(frame, pages)| model.take(*frame, *pages));
        let stamp = model.stamp();
        if let Some(bytes) = bytes_mut(&mut thing) {
            model::write(bytes, stamp);
        }
        Held { thing, runs, stamp }
    }

    /// Looks whether what was written is still there, and takes the thing out of the model.
    pub fn leave(self, model: &mut Model) -> Thing<'p, 'm> {
        self.check();
        self.runs.iter().for_each(|(frame, pages)| model.give(*frame, *pages));
        self.thing
    }

    /// Looks whether what was written is still there.
    pub fn check(&self) {
        let bytes = match &self.thing {
            Thing::Block(block) => block.bytes(),
            Thing::Area(area) => area.bytes(),
            Thing::Object(object) => object.bytes(),
            Thing::SlabObject(object) => object.bytes(),
            Thing::Pointer(pointer) => pointer.bytes(),
            Thing::Pooled(block) => block.bytes(),
            Thing::Token(_) | Thing::Number(..) => return,
        };
        model::check(bytes, self.stamp);
    }
}

fn bytes_mut<'t>(thing: &'t mut Thing<'_, '_>) -> Option<&'t mut [u8]> {
    match thing {
        Thing::Block(block) => Some(block.bytes_mut()),
        Thing::Area(area) => Some(area.bytes_mut()),
        Thing::Object(object) => Some(object.bytes_mut()),
        Thing::SlabObject(object) => Some(object.bytes_mut()),
        Thing::Pointer(pointer) => Some(pointer.bytes_mut()),
        Thing::Pooled(block) => Some(block.bytes_mut()),
        Thing::Token(_) | Thing::Number(..) => None,
    }
}
