//! What kernel code has at hand without naming it: `use kernel::prelude::*;`.

pub use core::mem::{align_of, align_of_val, size_of, size_of_val};
pub use core::pin::Pin;

pub use pinned_init::{InPlaceWrite, Init, PinInit, Zeroable, init, pin_data, pin_init, pinned_drop};

pub use crate::alloc::flags::*;
pub use crate::alloc::{Box, KBox, KVBox, KVVec, KVec, VBox, VVec, Vec};
pub use crate::error::code::*;
pub use crate::error::{Error, Result};
pub use crate::init::InPlaceInit;
pub use crate::{pr_debug, pr_err, pr_info, pr_warn, try_init, try_pin_init};
