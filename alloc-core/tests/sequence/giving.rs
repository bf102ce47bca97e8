//! Calls that give memory back, rightly or wrongly.

use alloc_core::{FrameNumber, FreeError, Gfp, Order, PageBlock};

use super::choices::order;
use super::operation::Operation;
use super::run::{Run, place};
use super::things::Thing;

impl Run<'_, '_> {
    /// Memory that is given back, rightly or wrongly.
    pub(super) fn back(&mut self, operation: Operation) {
        match operation {
            Operation::Free { which } => {
                if let Some(at) = place(&self.held, which) {
                    let held = self.held.swap_remove(at);
                    self.give(held);
                }
            }
            Operation::Loosen { which } => {
                let Some(at) = place(&self.held, which) else { return };
                let thing = match self.held.swap_remove(at).leave(&mut self.model) {
                    Thing::Block(block) => Thing::Token(block.into_pages()),
                    Thing::Token(pages) => {
                        let order = pages.order();
                        Thing::Number(self.machine.into_raw(pages).expect("a block of this machine"), order)
                    }
                    thing => thing,
                };
                self.keep(thing);
            }
            Operation::FreeNumber { frame, order: number } => {
                self.free_number(FrameNumber(u32::from(frame)), order(number));
            }
            Operation::FreeTwice { which } => {
                let Some(at) = place(&self.held, which) else { return };
                if let Thing::Number(frame, order) = self.held[at].thing {
                    let held = self.held.swap_remove(at);
                    self.give(held);
                    self.free_number(frame, order);
                }
            }
            Operation::FreeForeign => {
                let foreign = self.foreign();
                let pages = foreign.alloc_pages(Order::ZERO, Gfp::KERNEL).map(PageBlock::into_pages);
                let Ok(pages) = pages else { return };
                let pages = self.machine.free(pages).expect_err("another machine's block");
                let pages = self.machine.into_raw(pages).expect_err("another machine's block");
                assert_eq!(foreign.free(pages), Ok(()));
            }
            _ => unreachable!("not a way to give back"),
        }
    }

    /// Gives a number back that may be anything; the model says what must come of it.
    fn free_number(&mut self, frame: FrameNumber, order: Order) {
        let number = self.held.iter().position(|held| matches!(held.thing, Thing::Number(mine, _) if mine == frame));
        let pages = self.setup.pages();
        match self.machine.free_raw(frame, order) {
            Ok(()) => {
                let held = self.held.swap_remove(number.expect("only what was handed out as a number is taken back"));
                assert!(matches!(held.thing, Thing::Number(_, mine) if mine == order));
                drop(held.leave(&mut self.model));
            }
            Err(FreeError::Foreign) => assert!(u64::from(frame.0) >= pages),
            Err(error) => {
                let expected = match (self.model.owner(frame.0), number) {
                    (_, Some(_)) => FreeError::OtherOrder,
                    (Some((begin, _)), None) if begin == frame.0 => FreeError::Owned,
                    (Some(_), None) => FreeError::NotTheBeginning,
                    // A task's, a cache's, set aside, or free.
                    (None, None) => return assert!(u64::from(frame.0) < pages),
                };
                let mapped = self.held.iter().any(|held| matches!(held.thing, Thing::Area(_)));
                // The pages of an area may be parts of larger blocks.
                assert!(error == expected || mapped, "{frame:?}: {error:?}, and not {expected:?}");
            }
        }
    }
}
