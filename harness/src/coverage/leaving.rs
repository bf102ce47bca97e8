//! What a process does when it ends: it leaves what it knows in the folder, and tells what is known.
#![cfg_attr(
    not(any(miri, target_family = "wasm")),
    expect(unsafe_code, reason = "asks the C library to be called when the process ends")
)]

use std::env;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};

use super::folder;
use super::gathered;
use super::listing::{Length, Listing, VARIABLE};
use super::program::{self, Program};
use super::unlinked;
#[cfg(all(target_os = "linux", not(firsthit_portable), not(miri)))]
use super::watched;
use crate::annotation::registry;

/// The process that asked to be called, for its forks do not end for themselves; 0 for none.
static PROCESS: AtomicU32 = AtomicU32::new(0);
/// Whether this process has done a sweep.
static SWEPT: AtomicBool = AtomicBool::new(false);

/// Notes that this process does a sweep; before the first process is forked for it.
pub(crate) fn swept() {
    SWEPT.store(true, Relaxed);
    #[cfg(not(any(miri, target_family = "wasm")))]
    begin();
}

/// Has [`leave`] called when this process ends. Annotated code that runs calls it, too, often.
pub(crate) fn begin() {
    if PROCESS.load(Relaxed) == 0 && PROCESS.compare_exchange(0, process(), Relaxed, Relaxed).is_ok() {
        call_at_exit();
        #[cfg(all(target_os = "linux", not(firsthit_portable), not(miri)))]
        watched::begin();
    }
}

#[cfg(not(any(miri, target_family = "wasm")))]
fn call_at_exit() {
    unsafe extern "C" {
        fn atexit(callback: extern "C" fn()) -> std::ffi::c_int;
    }
    extern "C" fn ended() {
        // Nothing is told of a failure here: the panic's own message was.
        let _ = std::panic::catch_unwind(leave);
    }
    // SAFETY: the C library's function; the callback is a function of this program, and does not unwind.
    unsafe { atexit(ended) };
}

#[cfg(not(target_family = "wasm"))]
fn process() -> u32 {
    std::process::id()
}

/// There is one process.
#[cfg(target_family = "wasm")]
fn process() -> u32 {
    1
}

/// Whether annotated code has run here.
#[cfg(any(miri, target_family = "wasm"))]
pub(crate) fn has_begun() -> bool {
    PROCESS.load(Relaxed) != 0
}

/// There is nothing to tell without a registry.
#[cfg(any(miri, target_family = "wasm"))]
fn call_at_exit() {}

fn variable(name: &str) -> Option<String> {
    env::var_os(name).filter(|value| !value.is_empty()).map(|value| value.to_string_lossy().into_owned())
}

/// Leaves a file, and tells, as far as that is wanted.
///
/// A program that has done no sweep may be anything, since annotated code is not only tests': it tells nothing and
/// leaves nothing, unless it is asked to or is one of cargo's test programs.
fn leave() {
    // A fresh process of a sweep is a part of another process's.
    if PROCESS.load(Relaxed) != process() || variable("FIRSTHIT_ROLE").is_some() {
        return;
    }
    let (swept, wish) = (SWEPT.load(Relaxed), variable(VARIABLE));
    let mut text = String::new();
    let length = wish.as_deref().map_or(Ok(Some(Length::Summary)), Length::from_word).unwrap_or_else(|error| {
        text = format!("firsthit: {error}\n");
        Some(Length::Summary)
    });
    let Some(length) = length else { return };
    let Ok(file) = env::current_exe() else { return };
    let replays = variable("FIRSTHIT_REPLAY").is_some();
    let tells = variable("NEXTEST").is_none() && (wish.is_some() || swept && !replays);
    if !registry::declared().is_empty() {
        let named = folder::named();
        let leaves = named.is_some() || swept || is_test_program(&file);
        let folder = named.or_else(|| folder::beside(&file)).filter(|_| leaves);
        text.push_str(&left(&file, folder.as_deref(), length, tells, leaves));
    }
    if swept && tells {
        text.extend(unlinked::hint());
    }
    // A closed stream is not worth a word.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Leaves the file in the folder, and gives back what is to be told.
fn left(file: &Path, folder: Option<&Path>, length: Length, tells: bool, leaves: bool) -> String {
    let program = Program::running(file);
    let own = program::model();
    let mut notes = String::new();
    let mut all = None;
    match folder {
        Some(folder) => match folder::leave(folder, &program, &own) {
            Ok(true) if tells => {
                let same = |other: &Program| (&other.name, other.build) == (&program.name, program.build);
                match gathered::gather(folder, same) {
                    Ok(gathered) => {
                        gathered.faults.iter().for_each(|fault| notes.push_str(&format!("firsthit: {fault}\n")));
                        all = Some(gathered.model);
                    }
                    Err(error) => notes = format!("firsthit: {}: {error}\n", folder.display()),
                }
            }
            Ok(_) => {}
            Err(error) => {
                notes = format!(
                    "firsthit: what was counted cannot be kept in {}: {error}\n  help: set {} to a folder that can be \
                     written\n",
                    folder.display(),
                    folder::FOLDER
                );
            }
        },
        None if leaves && tells => {
            notes = format!(
                "firsthit: what was counted is not kept: there is no target folder of cargo's above {}\n  help: set {} to a \
                 folder\n",
                file.display(),
                folder::FOLDER
            );
        }
        None => {}
    }
    if !tells {
        return notes;
    }
    let model = all.unwrap_or(own);
    format!("\n{}{notes}", Listing { model: &model, length })
}

/// Whether cargo has built this program to be run by `cargo test`.
fn is_test_program(file: &Path) -> bool {
    file.parent().and_then(Path::file_name).is_some_and(|folder| folder == "deps")
}
