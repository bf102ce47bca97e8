//! Sweeps of what published crates promise when memory runs out: the tests in `tests/`, which this package has no code for.
