//! A table with numbered places, as many as it was made for: putting something in asks nobody for memory.

use alloc::vec::Vec;

/// Ends the list of free places.
const NONE: u32 = u32::MAX;

/// One place.
#[derive(Debug)]
enum Place<T> {
    Free(u32),
    Taken(T),
}

/// A table of up to so many things.
///
/// # Invariants
/// The list that begins at `free` runs through all free places; `taken` are the others.
#[derive(Debug)]
pub(super) struct Table<T> {
    places: Vec<Place<T>>,
    free: u32,
    taken: usize,
}

impl<T> Table<T> {
    /// An empty table with room for `most` things, or `None` if the process has none for it. Memory is touched as it is used.
    pub(super) fn new(most: usize) -> Option<Table<T>> {
        let mut places = Vec::new();
        places.try_reserve_exact(most.min(NONE as usize)).ok()?;
        Some(Table { places, free: NONE, taken: 0 })
    }

    /// How many things there are.
    pub(super) fn len(&self) -> usize {
        self.taken
    }

    /// Puts a thing in; its number, or the thing if there is no room.
    pub(super) fn put(&mut self, thing: T) -> Result<u32, T> {
        let number = if self.free != NONE {
            let number = self.free;
            let place = &mut self.places[number as usize];
            if let Place::Free(next) = core::mem::replace(place, Place::Taken(thing)) {
                self.free = next;
            }
            number
        } else if self.places.len() < self.places.capacity() {
            self.places.push(Place::Taken(thing));
            self.places.len() as u32 - 1
        } else {
            return Err(thing);
        };
        self.taken += 1;
        Ok(number)
    }

    /// Takes a thing out.
    pub(super) fn take(&mut self, number: u32) -> Option<T> {
        let place = self.places.get_mut(number as usize)?;
        match core::mem::replace(place, Place::Free(self.free)) {
            Place::Taken(thing) => {
                self.free = number;
                self.taken -= 1;
                Some(thing)
            }
            free @ Place::Free(_) => {
                *place = free;
                None
            }
        }
    }

    pub(super) fn get(&self, number: u32) -> Option<&T> {
        match self.places.get(number as usize) {
            Some(Place::Taken(thing)) => Some(thing),
            _ => None,
        }
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        match self.places.get_mut(number as usize) {
            Some(Place::Taken(thing)) => Some(thing),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again_and_there_are_no_more_than_were_made() {
        let mut table = Table::new(2).unwrap();
        assert_eq!((table.put('a'), table.put('b')), (Ok(0), Ok(1)));
        let full = (2..100).map(|_| table.put('c')).find(Result::is_err);
        assert_eq!(full, Some(Err('c')));
        assert_eq!((table.take(0), table.take(0), table.get(0), table.get(1)), (Some('a'), None, None, Some(&'b')));
        assert_eq!((table.put('d'), table.take(9), table.get_mut(0)), (Ok(0), None, Some(&mut 'd')));
    }
}
