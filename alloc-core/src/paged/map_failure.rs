//! What becomes of a page that could not be brought in, and of whoever touched it.

use super::map_error::{MapError, POISON, PageInFailure};
use super::map_pages::{MapPages, Place, Touched, Way};
use super::map_window::bytes_of;
use super::swap::Slot;

impl MapPages {
    /// A page could not be brought in: it is where it was, and whoever touched it is told as the map's policy says.
    pub(super) fn fail(&mut self, page: usize, slot: Option<Slot>, error: MapError) -> Touched {
        self.usage.failures += 1;
        self.error = self.error.or(Some(error));
        let poisons = match self.on_failure {
            PageInFailure::Signal => false,
            PageInFailure::ErrOnGuard => self.guarded,
            PageInFailure::Poison => true,
        };
        let poisoned = poisons && self.poison(page);
        if !poisoned && let Way::Uffd(uffd) = &self.way {
            uffd.poison(page);
        }
        self.places[page] = match (poisoned, slot) {
            (true, slot) => Place::Poisoned(slot),
            (false, slot) if matches!(self.way, Way::Uffd(_)) => Place::Broken(slot),
            (false, Some(slot)) => Place::Swap(slot),
            (false, None) => Place::Nowhere,
        };
        if poisoned { Touched::There } else { Touched::Signal }
    }

    /// Puts poison in the place of a page. In the window all such pages share one of the machine.
    fn poison(&mut self, page: usize) -> bool {
        match (&self.way, &mut self.spare) {
            (Way::Uffd(uffd), _) => {
                self.going.fill(POISON);
                uffd.fill(page, &self.going).is_ok()
            }
            (Way::Window(at), Some(spare)) => {
                bytes_of(&self.machine, spare).fill(POISON);
                self.machine.map_one(at + page, spare).is_ok()
            }
            (Way::Window(_), None) => false,
        }
    }

    /// A guard has ended: what was poisoned for it is as it was.
    pub(super) fn end_guard(&mut self) {
        if self.on_failure == PageInFailure::ErrOnGuard {
            self.heal();
        }
    }

    /// Pages that are poisoned are where they were, and out.
    pub(super) fn heal(&mut self) {
        for page in 0..self.places.len() {
            if !matches!(self.places[page], Place::Poisoned(_)) {
                continue;
            }
            match &self.way {
                Way::Uffd(uffd) => uffd.discard(page),
                Way::Window(at) => self.machine.unmap_one(at + page),
            }
            if let Place::Poisoned(slot) = core::mem::replace(&mut self.places[page], Place::Nowhere) {
                self.places[page] = slot.map_or(Place::Nowhere, Place::Swap);
            }
        }
    }
}
