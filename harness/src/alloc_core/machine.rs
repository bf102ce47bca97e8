//! A machine that is built inside of a body: its making is not under test, and what the body leaves in it is looked for.

use std::ops::Deref;

use ::alloc_core::{BuildError, Machine, MachineBuilder};

use super::audit::Before;
use super::source::source;
use crate::unswept::unswept;

/// A machine of one run of a body; see [`machine`].
#[derive(Debug)]
pub struct SweptMachine {
    /// `Some` until it is dropped.
    machine: Option<Machine>,
    before: Option<Before>,
}

/// Builds what `describe` describes inside of a body, with [`source`] as the fault source and an [`audit`](super::audit) at the
/// machine's end.
///
/// What its making asks of Rust's allocator is not failed. Tasks, pools and shrinkers are the body's: where they are
/// not under test, [`unswept`](crate::unswept) is for them.
///
/// # Errors
/// Those of [`MachineBuilder::build`].
pub fn machine(describe: impl FnOnce() -> MachineBuilder) -> Result<SweptMachine, BuildError> {
    let machine = unswept(|| describe().faults(source()).build())?;
    Ok(SweptMachine { before: Before::of(&machine), machine: Some(machine) })
}

impl Deref for SweptMachine {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        self.machine.as_ref().unwrap_or_else(|| unreachable!("a machine is there until it is dropped"))
    }
}

impl Drop for SweptMachine {
    fn drop(&mut self) {
        if let (Some(before), Some(machine)) = (self.before.take(), &self.machine) {
            before.compare(machine);
        }
        unswept(|| drop(self.machine.take()));
    }
}
