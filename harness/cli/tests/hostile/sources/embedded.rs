//! A library without std, whose tests have an allocator of their own.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

/// Room for so many bytes.
pub fn room(bytes: usize) -> Result<Vec<u8>, TryReserveError> {
    let mut room = Vec::new();
    room.try_reserve_exact(bytes)?; //~ embedded-room
    Ok(room)
}
