//! Annotated functions, declared by hand: one for each thing that can become of a recovery path.

use std::hint::black_box;
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NoMemory;

/// Asks for so many bytes; nothing of it is annotated.
#[inline(never)]
pub(crate) fn room(count: usize) -> Result<Vec<u8>, NoMemory> {
    let mut block = Vec::new();
    black_box(&mut block).try_reserve_exact(black_box(count)).map_err(|_| NoMemory)?;
    Ok(block)
}

/// Its `?` is tested.
pub(crate) fn tested(count: usize) -> Result<usize, NoMemory> {
    firsthit::__function!(HERE, "tested", 2, [
        Site "room(count)" 0, 10, 1;
        Question "room(count)?" 0, 10, 12, <- 0;
    ]);
    let entered = HERE.enter(0);
    Ok(HERE.tried(1, HERE.leave(entered, room(count)))?.capacity())
}

/// As [`tested`], and marked as if it were not.
pub(crate) fn stale() -> Result<usize, NoMemory> {
    firsthit::__function!(HERE, "stale", 1, [
        Question "room(2)?" 0, 20, 1, Untested "nobody can";
    ]);
    Ok(HERE.tried(0, room(2))?.capacity())
}

/// Its arm runs under a failure, and leaks.
pub(crate) fn leaking() -> Result<usize, NoMemory> {
    firsthit::__function!(HERE, "leaking", 1, [
        MatchArm "Err(error)" 0, 30, 1;
    ]);
    let held = room(64)?;
    match room(3) {
        Ok(block) => Ok(block.capacity() + held.capacity()),
        Err(error) => {
            HERE.ran(0);
            std::mem::forget(black_box(held));
            Err(error)
        }
    }
}

/// Its arm runs whether there is memory or not, and behind no failure first.
pub(crate) fn ordinary(keys: &[u8]) -> u8 {
    firsthit::__function!(HERE, "ordinary", 1, [
        IsNone "first.is_none()" 0, 40, 1;
    ]);
    let first = keys.first();
    if HERE.ran_if(0, first.is_none()) { 0 } else { 1 }
}

/// What it tries never fails.
pub(crate) fn sound(text: &str) -> Result<usize, NoMemory> {
    firsthit::__function!(HERE, "sound", 2, [
        Site "text.parse()" 0, 50, 1;
        Question "text.parse()?" 0, 50, 2, <- 0;
    ]);
    let entered = HERE.enter(0);
    HERE.tried(1, HERE.leave(entered, text.parse().map_err(|_| NoMemory)))
}

#[expect(dead_code, reason = "what no test reaches is declared all the same")]
pub(crate) fn forgotten() -> Result<usize, NoMemory> {
    firsthit::__function!(HERE, "forgotten", 2, [
        Question "room(4)?" 0, 60, 1;
        Question "room(5)?" 0, 61, 1, Benign "a cache";
    ]);
    HERE.tried(0, room(4))?;
    HERE.tried(1, room(5)).map(|block| block.capacity())
}

/// Its arm runs under a failure, and ends the process by a signal.
pub(crate) fn aborting() -> usize {
    firsthit::__function!(HERE, "aborting", 1, [
        UnwrapOrElse "room(6)" 0, 70, 1;
    ]);
    room(6)
        .unwrap_or_else(|_| {
            HERE.ran(0);
            std::process::abort()
        })
        .capacity()
}

/// Its arm runs under a failure, and does not end.
pub(crate) fn hanging() -> usize {
    firsthit::__function!(HERE, "hanging", 1, [
        UnwrapOrElse "room(7)" 0, 80, 1;
    ]);
    room(7)
        .unwrap_or_else(|_| {
            HERE.ran(0);
            loop {
                std::thread::sleep(Duration::from_millis(5));
            }
        })
        .capacity()
}

/// Its arm runs once without a failure, for the first of two results, and once more because of one.
pub(crate) fn more_often() -> Result<usize, NoMemory> {
    firsthit::__function!(HERE, "more_often", 2, [
        Question "room(8)?" 0, 90, 1;
        IsErr "result.is_err()" 0, 91, 1;
    ]);
    let second = || Ok(HERE.tried(0, room(8))?.capacity());
    let results = [&|| Err(NoMemory), &second as &dyn Fn() -> Result<usize, NoMemory>];
    let failed = results.map(|result| HERE.ran_if(1, black_box(result)().is_err()));
    if failed[1] { Err(NoMemory) } else { Ok(1) }
}

/// Its arm runs once with and without a failure, and with one because of it.
pub(crate) fn as_often() -> Result<usize, NoMemory> {
    firsthit::__function!(HERE, "as_often", 1, [IsErr "result.is_err()" 0, 100, 1;]);
    for result in [&|| room(9).map(|_| ()), &|| Err(NoMemory) as Result<(), _>] as [&dyn Fn() -> _; 2] {
        if HERE.ran_if(0, black_box(result)().is_err()) {
            break;
        }
    }
    Ok(1)
}

/// Its arm runs under a failure, and has the process killed.
#[expect(unsafe_code, reason = "kills this process")]
pub(crate) fn killed() -> usize {
    firsthit::__function!(HERE, "killed", 1, [
        UnwrapOrElse "room(10)" 0, 110, 1;
    ]);
    room(10)
        .unwrap_or_else(|_| {
            HERE.ran(0);
            // SAFETY: it ends this process, which exists for that.
            unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
            Vec::new()
        })
        .capacity()
}
