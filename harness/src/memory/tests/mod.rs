//! Tests that stand apart from their file, which the model checker compiles as well.

mod seen;
