//! Other crates' words for memory, said of a machine. Flags have no place in them: the task's scopes say what there is to say.

#[cfg(feature = "allocator-api2")]
mod allocator_api2;
