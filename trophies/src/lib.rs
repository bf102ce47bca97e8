//! Reproductions of bugs in published crates: each is a test in `tests/`, which this package has no code for.
