//! The same forms in the edition before, in which temporaries live longer.
#![cfg(test)]
#![deny(warnings)]
#![allow(clippy::all, reason = "the forms are as people write them, not as they should")]
#![allow(clippy::redundant_closure_for_method_calls, reason = "as above")]

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
