//! What each verdict means, with a short piece of code that gets it.

use firsthit::Verdict;

/// What was seen, and code that behaves so.
pub(super) struct Explained {
    pub(super) meaning: &'static str,
    pub(super) example: &'static str,
}

/// Of one verdict; none for one that a newer runtime knows.
pub(super) fn of(verdict: Verdict) -> Option<Explained> {
    let (meaning, example) = match verdict {
        Verdict::Recovered => (
            "The failure surfaced as an error, nothing was lost, and the same work succeeds when it is tried again. In a test \
             that unwraps what it is given, this is also the verdict if the test's own code stopped on the crate's error.",
            "fn push(&mut self, x: T) -> Result<(), TryReserveError> {
    self.items.try_reserve(1)?; // the caller learns of it, and nothing has changed
    self.items.push(x);
    Ok(())
}",
        ),
        Verdict::Absorbed => (
            "The result is the same as without the failure: the code did without the memory.",
            "let mut cache = Vec::new();
if cache.try_reserve(4096).is_err() {
    return slow_path(input); // the same answer, only slower
}",
        ),
        Verdict::Swallowed => (
            "The call reported success, and yet its result is another than without the failure: the failure went unnoticed.",
            "for item in items {
    if out.try_reserve(1).is_ok() {
        out.push(item); // where there is no memory, items are missing from the answer
    }
}
Ok(out)",
        ),
        Verdict::Aborted => (
            "Memory was asked for through a call that cannot report a failure, so the standard library ended the process \
             (`handle_alloc_error`).",
            "let copy = bytes.to_vec(); // ends the process where there is no memory

let mut copy = Vec::new(); // can say so instead
copy.try_reserve_exact(bytes.len())?;
copy.extend_from_slice(bytes);",
        ),
        Verdict::Panicked => (
            "The crate's own code panicked on the failure, where an error could have been returned.",
            "out.try_reserve(n).unwrap(); // panics
out.try_reserve(n)?; // returns it",
        ),
        Verdict::Crashed => (
            "A signal ended the process, most often because a null pointer from a failed allocation was used. C code does so \
             as easily as unsafe Rust.",
            "let p = unsafe { malloc(64) as *mut u8 };
unsafe { *p = 0 }; // p is null here

let p = NonNull::new(p).ok_or(Error::NoMemory)?; // look first",
        ),
        Verdict::Hung => (
            "The test did not end within its time limit behind the failure. The report shows where it stood.",
            "while buffer.try_reserve(n).is_err() {
    thread::yield_now(); // for ever: nobody else will free memory
}",
        ),
        Verdict::Leaked => (
            "Memory that was allocated before or during the recovery was never released, which runs without the failure do \
             release. The report shows where it was allocated.",
            "let node = Box::into_raw(first);
second.try_reserve(1)?; // returns, and nobody owns `node` any more

second.try_reserve(1)?; // reserve first, then give up ownership
let node = Box::into_raw(first);",
        ),
        Verdict::Corrupted => (
            "Memory that was freed behind the failure was written to or freed once more; or the C library found its heap \
             damaged by a write outside of a block; or an invariant that you declared does not hold.",
            "free(self.head);
self.head = make_head()?; // returns early, and drop releases the old head again",
        ),
        Verdict::Allocated => (
            "Something was allocated behind the failure, although the sweep's mode `forbid` says that nothing may be: \
             recovery must do with the memory at hand.",
            "Err(format!(\"no room for {n} items\").into()) // the message needs memory, too
Err(Error::NoRoom(n)) // this does not",
        ),
        Verdict::Unusable => (
            "The error was reported, but the same work does not give its result when it is tried again without a failure: \
             the failure left bad state behind.",
            "self.len += 1;
self.items.try_reserve(1)?; // returns with `len` counting an item that is not there",
        ),
        Verdict::Unstable => (
            "The test differs from run to run even without a failure, so nothing can be concluded from this one. Its \
             recovery code was not judged.",
            "let map: HashMap<_, _> = load(); // iterates in another order each time
let map: BTreeMap<_, _> = load(); // always in the same one",
        ),
        Verdict::Unreached => (
            "The call chain was seen while the test was recorded, and was not met again when it was to fail.",
            "if started.elapsed() > Duration::from_millis(5) {
    log.push(line); // on some runs only
}",
        ),
        _ => return None,
    };
    Some(Explained { meaning, example })
}
