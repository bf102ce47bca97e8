//! The one question that every front door asks: does this request fail?

pub(crate) mod decision;
pub(crate) mod kept;
