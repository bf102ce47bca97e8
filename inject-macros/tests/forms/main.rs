//! Every source form twice, as it is and annotated: both do the same, and the annotated one declares its points.
#![deny(warnings)]
#![allow(clippy::all, reason = "the forms are as people write them, not as they should")]
#![allow(clippy::redundant_closure_for_method_calls, reason = "as above")]

mod chains;
mod compare;
mod exits;
mod futures;
mod items;
mod lets;
mod macros;
mod marks;
mod matches;
mod methods;
mod prelude;
mod questions;
mod sites;
