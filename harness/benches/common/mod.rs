//! What the benchmarks share.
#![allow(unreachable_pub, reason = "each benchmark uses a part of it")]
#![allow(dead_code, reason = "each benchmark uses a part of it")]

pub mod chains;
pub mod paired;
pub mod rivals;
