//! One record of the file: a key with its value, or with the news that it was removed.

use crate::error::Error;

/// The length of what stands before a key: checksum, length of the key, length of the value.
pub(crate) const HEADER: usize = 16;
/// The length that says that there is no value.
const REMOVED: u32 = u32::MAX;
/// The longest key or value.
const LONGEST: usize = 1 << 24;

/// What stands before a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    checksum: u64,
    pub(crate) key: usize,
    /// `None`: the key was removed.
    pub(crate) value: Option<usize>,
}

impl Header {
    /// Reads it, unless it is longer than any that is written.
    pub(crate) fn decode(bytes: [u8; HEADER]) -> Option<Header> {
        let (checksum, lengths) = bytes.split_first_chunk::<8>()?;
        let (key, value) = lengths.split_first_chunk::<4>()?;
        let key = u32::from_le_bytes(*key) as usize;
        let value = match u32::from_le_bytes(*value.first_chunk()?) {
            REMOVED => None,
            length => Some(length as usize),
        };
        let fits = key <= LONGEST && value.is_none_or(|value| value <= LONGEST);
        fits.then_some(Header { checksum: u64::from_le_bytes(*checksum), key, value })
    }

    /// The bytes behind the header.
    pub(crate) fn body(&self) -> usize {
        self.key + self.value.unwrap_or(0)
    }

    /// Whether the bytes behind the header are those that it was written with.
    pub(crate) fn fits(&self, body: &[u8]) -> bool {
        body.len() == self.body() && self.checksum == checksum(self.key, self.value, body)
    }
}

/// The bytes of a record.
#[cfg_attr(test, firsthit::instrument)]
pub(crate) fn encode(key: &[u8], value: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    for part in [key, value.unwrap_or_default()] {
        if part.len() > LONGEST {
            return Err(Error::TooLong(part.len()));
        }
    }
    let mut record = Vec::new();
    let body = key.len() + value.map_or(0, <[u8]>::len);
    record.try_reserve_exact(HEADER + body)?;
    record.resize(HEADER, 0);
    record.extend_from_slice(key);
    record.extend_from_slice(value.unwrap_or_default());
    let sum = checksum(key.len(), value.map(<[u8]>::len), &record[HEADER..]);
    record[..8].copy_from_slice(&sum.to_le_bytes());
    record[8..12].copy_from_slice(&(key.len() as u32).to_le_bytes());
    record[12..16].copy_from_slice(&value.map_or(REMOVED, |value| value.len() as u32).to_le_bytes());
    Ok(record)
}

/// FNV-1a over the lengths and the bytes.
pub(crate) fn checksum(key: usize, value: Option<usize>, body: &[u8]) -> u64 {
    let lengths = [key as u64, value.map_or(u64::MAX, |value| value as u64)];
    let bytes = lengths.iter().flat_map(|length| length.to_le_bytes()).chain(body.iter().copied());
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
