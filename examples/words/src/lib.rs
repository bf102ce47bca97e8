//! The words of a text, kept twice: in a list of strings and in an interner, both without an infallible allocation.

use compact_str::CompactString;
use lasso::{LassoError, Rodeo};

/// There was no memory.
#[derive(Debug)]
pub struct NoMemory;

/// Every word of `text`, in its order.
///
/// # Errors
/// [`NoMemory`] if the list or one of its words could not be allocated.
pub fn list(text: &str) -> Result<Vec<CompactString>, NoMemory> {
    let mut words = Vec::new();
    for word in text.split_whitespace() {
        let word = CompactString::try_new(word).map_err(|_| NoMemory)?;
        words.try_reserve(1).map_err(|_| NoMemory)?;
        words.push(word);
    }
    Ok(words)
}

/// Interns every word of `text`; how many different ones there are then.
///
/// # Errors
/// Those of [`Rodeo::try_get_or_intern`], which may be called again once there is memory.
pub fn intern(interner: &mut Rodeo, text: &str) -> Result<usize, LassoError> {
    for word in text.split_whitespace() {
        interner.try_get_or_intern(word)?;
    }
    Ok(interner.len())
}
