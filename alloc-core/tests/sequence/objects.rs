//! Calls about caches of objects.

use alloc_core::{Gfp, Prefilled};

use super::operation::Operation;
use super::pointer::Pointer;
use super::run::{Run, place};
use super::things::Thing;

impl Run<'_, '_> {
    /// Objects: asked for, promised, and taken of promises.
    pub(super) fn of_caches(&mut self, operation: Operation) {
        let machine = self.machine;
        self.has_slabs = true;
        let cache = |number: u8| usize::from(number) % self.slabs.len();
        match operation {
            Operation::Object { task, cache: number, node, flags } => {
                let (cache, flags) = (&self.slabs[cache(number)], flags.gfp());
                let got = machine.run_as(self.task(task), || match node {
                    Some(node) => cache.alloc_node(self.node(node), flags),
                    None => cache.alloc(flags),
                });
                match got {
                    Ok(object) => {
                        assert!(!flags.contains(Gfp::ZERO) || object.bytes().iter().all(|byte| *byte == 0));
                        self.keep(Thing::SlabObject(object));
                    }
                    Err(error) => self.refused(error),
                }
            }
            Operation::ObjectRaw { task, cache: number, flags } => {
                let number = cache(number);
                match machine.run_as(self.task(task), || self.slabs[number].alloc_raw(flags.gfp())) {
                    Ok(at) => {
                        let len = machine.ksize(at.as_ptr()).expect("an object");
                        self.keep(Thing::Pointer(Pointer { at, len, cache: Some(number) }));
                    }
                    Err(error) => self.refused(error),
                }
            }
            Operation::Prefill { task, cache: number, objects, flags } => {
                let cache = &self.slabs[cache(number)];
                match machine.run_as(self.task(task), || cache.prefill(usize::from(objects), flags.gfp())) {
                    Ok(prefilled) => {
                        assert_eq!(prefilled.left(), usize::from(objects));
                        self.prefilled.push(prefilled);
                    }
                    Err(error) => self.refused(error),
                }
            }
            Operation::TakePrefilled { which } => {
                let Some(at) = place(&self.prefilled, which) else { return };
                let promised = self.prefilled[at].left() > 0;
                let object = Prefilled::take(&mut self.prefilled[at]);
                assert_eq!(object.is_some(), promised, "what was promised is there");
                object.into_iter().for_each(|object| self.keep(Thing::SlabObject(object)));
            }
            Operation::EndPrefilled { which } => {
                place(&self.prefilled, which).map(|at| self.prefilled.swap_remove(at));
            }
            Operation::Shrink { cache: number } => {
                let before = machine.free_pages(None);
                let given = match number {
                    Some(number) => self.slabs[cache(number)].shrink(),
                    None => machine.shrink_slabs(),
                };
                // Those who queue may get some of it.
                let after = machine.free_pages(None);
                assert!(after <= before + given && (!self.queued.is_empty() || after == before + given));
            }
            _ => unreachable!("not a call about caches"),
        }
    }
}
