//! The store: a log of records, and the map from keys to places in it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::log::Log;
use crate::map::{Map, Place};
use crate::record::{self, HEADER, Header};

/// Keys and values in one file.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    log: Log,
    map: Map,
}

#[cfg_attr(test, firsthit::instrument)]
impl Store {
    /// Opens the store in the file at `path`, or makes it.
    ///
    /// # Errors
    /// [`Error::Damaged`] if something but a record that was cut short stands in the file; [`Error::NoMemory`],
    /// [`Error::Io`].
    pub fn open(path: PathBuf) -> Result<Store, Error> {
        let mut store = Store { log: Log::open(&path)?, map: Map::default(), path };
        store.replay()?;
        Ok(store)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key.
    ///
    /// # Errors
    /// [`Error::NoMemory`], [`Error::Io`].
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let Some(place) = self.map.get(key) else { return Ok(None) };
        self.read(place.offset, place.len).map(Some)
    }

    /// Gives a key a value, whether it had one or not.
    ///
    /// # Errors
    /// [`Error::TooLong`], [`Error::NoMemory`], [`Error::Io`].
    pub fn insert(&mut self, key: &[u8], value: &[u8]) -> Result<(), Error> {
        self.put(key, value).map(drop)
    }

    /// Gives each key its value, or none of them.
    ///
    /// # Errors
    /// As [`insert`](Store::insert).
    pub fn insert_all(&mut self, pairs: &[(&[u8], &[u8])]) -> Result<(), Error> {
        let end = self.log.end();
        let mut before = Vec::new();
        before.try_reserve_exact(pairs.len())?;
        for (key, value) in pairs {
            match self.put(key, value) {
                Ok(old) => before.push((*key, old)),
                Err(error) => {
                    self.undo(before);
                    self.log.cut(end);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Takes a key out; whether it was there.
    ///
    /// # Errors
    /// [`Error::NoMemory`], [`Error::Io`].
    pub fn remove(&mut self, key: &[u8]) -> Result<bool, Error> {
        if self.map.get(key).is_none() {
            return Ok(false);
        }
        self.log.append(&record::encode(key, None)?)?;
        self.map.remove(key);
        Ok(true)
    }

    /// Writes what is in the store to a new file, which takes the place of the old one: without what was overwritten
    /// or removed.
    ///
    /// # Errors
    /// [`Error::NoMemory`], [`Error::Io`].
    pub fn compact(&mut self) -> Result<(), Error> {
        let path = beside(&self.path, ".compact")?;
        let compact = match self.written_to(path) {
            Ok(compact) => compact,
            Err((path, error)) => {
                #[cfg_attr(test, firsthit::benign(reason = "the next one writes over it"))]
                fs::remove_file(&path).ok();
                return Err(error);
            }
        };
        fs::rename(&compact.path, &self.path)?;
        self.log = compact.log;
        self.map = compact.map;
        Ok(())
    }

    /// A store with the same content in another file, or that file's path with what went wrong.
    fn written_to(&self, path: PathBuf) -> Result<Store, (PathBuf, Error)> {
        let log = match Log::open(&path) {
            Ok(log) => log,
            Err(error) => return Err((path, error.into())),
        };
        let mut other = Store { path, log, map: Map::default() };
        match self.copy_to(&mut other) {
            Ok(()) => Ok(other),
            Err(error) => Err((other.path, error)),
        }
    }

    fn copy_to(&self, other: &mut Store) -> Result<(), Error> {
        other.log.cut(0);
        for (key, place) in self.map.iter() {
            let value = self.read(place.offset, place.len)?;
            other.put(key, &value)?;
        }
        Ok(())
    }

    /// Gives a key a value; where its old one stood.
    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<Option<Place>, Error> {
        let record = record::encode(key, Some(value))?;
        let offset = self.log.append(&record)?;
        let place = Place { offset: offset + (HEADER + key.len()) as u64, len: value.len() };
        self.map.try_insert(key, place).inspect_err(|_| self.log.cut(offset))
    }

    /// Puts the places back that keys had before, the last one first.
    fn undo(&mut self, before: Vec<(&[u8], Option<Place>)>) {
        for (key, old) in before.into_iter().rev() {
            match old {
                // A key that is there is given its place without a need for memory.
                Some(old) => drop(self.map.try_insert(key, old)),
                None => drop(self.map.remove(key)),
            }
        }
    }

    /// Reads the whole log into the map.
    fn replay(&mut self) -> Result<(), Error> {
        let (mut offset, end) = (0, self.log.end());
        while offset < end {
            let whole = self.replay_one(offset, end)?;
            let Some(next) = whole else {
                // The last append was not carried through.
                self.log.cut(offset);
                return Ok(());
            };
            offset = next;
        }
        Ok(())
    }

    /// Reads one record; where the next one begins, or nothing if the file ends before this one does.
    fn replay_one(&mut self, offset: u64, end: u64) -> Result<Option<u64>, Error> {
        let body_at = offset + HEADER as u64;
        if body_at > end {
            return Ok(None);
        }
        let mut header = [0; HEADER];
        self.log.read_at(offset, &mut header)?;
        #[cfg_attr(test, firsthit::untested(reason = "no failure damages a file; a test does"))]
        let header = Header::decode(header).ok_or(Error::Damaged { offset })?;
        let next = body_at + header.body() as u64;
        if next > end {
            return Ok(None);
        }
        let body = self.read(body_at, header.body())?;
        if !header.fits(&body) {
            return Err(Error::Damaged { offset });
        }
        let (key, _) = body.split_at(header.key);
        match header.value {
            Some(len) => drop(self.map.try_insert(key, Place { offset: body_at + key.len() as u64, len })?),
            None => drop(self.map.remove(key)),
        }
        Ok(Some(next))
    }

    fn read(&self, offset: u64, len: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = zeroed(len)?;
        self.log.read_at(offset, &mut bytes)?;
        Ok(bytes)
    }
}

/// The path of a file beside another one, with more behind its name.
#[cfg_attr(test, firsthit::instrument)]
fn beside(path: &Path, more: &str) -> Result<PathBuf, Error> {
    let mut beside = OsString::new();
    beside.try_reserve_exact(path.as_os_str().len() + more.len())?;
    beside.push(path);
    beside.push(more);
    Ok(beside.into())
}

/// So many zeroes.
#[cfg_attr(test, firsthit::instrument)]
fn zeroed(len: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len)?;
    bytes.resize(len, 0);
    Ok(bytes)
}
