//! A phone book, as anybody could have written it: nothing in it knows of firsthit.
//!
//! `cargo firsthit test -p example-unedited` sweeps its tests. Some of its error paths are right, some are not.
#![expect(unsafe_code, reason = "one of the mistakes needs a raw pointer")]

use std::collections::TryReserveError;

/// Names and numbers.
#[derive(Debug, Default)]
pub struct PhoneBook {
    names: Vec<String>,
    numbers: Vec<u64>,
}

impl PhoneBook {
    /// Adds an entry.
    ///
    /// # Errors
    /// When there is no memory; the book is then as it was.
    pub fn add(&mut self, name: &str, number: u64) -> Result<(), TryReserveError> {
        let mut copy = String::new();
        copy.try_reserve_exact(name.len())?;
        copy.push_str(name);
        self.names.try_reserve(1)?;
        self.numbers.try_reserve(1)?;
        self.names.push(copy);
        self.numbers.push(number);
        Ok(())
    }

    /// The numbers of all whose name begins so.
    pub fn find(&self, beginning: &str) -> Vec<u64> {
        let mut found = Vec::new();
        for (name, number) in self.names.iter().zip(&self.numbers) {
            // A failure ends the search as if there were nobody else.
            if name.starts_with(beginning) && found.try_reserve(1).is_ok() {
                found.push(*number);
            }
        }
        found
    }

    /// The longest name, in capitals.
    pub fn headline(&self) -> String {
        self.names.iter().max_by_key(|name| name.len()).map(|name| name.to_uppercase()).unwrap_or_default()
    }

    /// All numbers as bytes, behind how many there are.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn export(&self) -> Result<(Box<[u8]>, Vec<u8>), TryReserveError> {
        let mut count = Vec::new();
        count.try_reserve_exact(8)?;
        count.extend((self.numbers.len() as u64).to_le_bytes());
        let count = Box::into_raw(count.into_boxed_slice());
        let mut bytes = Vec::new();
        // The error path forgets what `count` points to.
        bytes.try_reserve_exact(self.numbers.len() * 8)?;
        bytes.extend(self.numbers.iter().flat_map(|number| number.to_le_bytes()));
        // SAFETY: made by `into_raw` above.
        Ok((unsafe { Box::from_raw(count) }, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> PhoneBook {
        let mut book = PhoneBook::default();
        book.add("Ada", 1).unwrap();
        book.add("Adam", 2).unwrap();
        book
    }

    #[test]
    fn adds() {
        assert_eq!(book().names.len(), 2);
    }

    #[test]
    fn finds() {
        assert_eq!(book().find("Ad"), [1, 2]);
    }

    #[test]
    fn shouts() {
        assert_eq!(book().headline(), "ADAM");
    }

    #[test]
    fn exports() {
        let (count, bytes) = book().export().unwrap();
        assert_eq!((count[0], bytes.len()), (2, 16));
    }
}
