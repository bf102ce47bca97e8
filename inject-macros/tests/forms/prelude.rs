//! What the forms are made of: calls that fail on odd numbers, and values whose drops are seen.
#![allow(dead_code, reason = "every form uses some of it")]

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Once;
use std::task::{Context, Poll, Waker};

pub(crate) use std::ops::ControlFlow;

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static OBSERVED: Cell<bool> = const { Cell::new(false) };
}

/// Notes something that both variants have to do alike.
pub(crate) fn log(what: impl Display) {
    LOG.with_borrow_mut(|log| log.push(what.to_string()));
}

/// What a form does: its notes, its panics with their places, and what it gives.
pub(crate) fn observed(run: impl FnOnce() -> String) -> String {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| if OBSERVED.get() { log(info) } else { default(info) }));
    });
    OBSERVED.set(true);
    let result = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| "panicked".to_owned());
    OBSERVED.set(false);
    let log = LOG.take();
    format!("{log:#?} {result}")
}

/// A value whose drop is noted.
#[derive(Debug, PartialEq)]
pub(crate) struct Held(pub(crate) u32);

impl Held {
    pub(crate) fn number(&self) -> u32 {
        self.0
    }

    pub(crate) fn borrow(&self) -> &u32 {
        &self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        log(format_args!("drop {}", self.0));
    }
}

/// Out of memory.
#[derive(Debug, PartialEq, Clone, Copy)]
pub(crate) struct Full;

impl Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("full")
    }
}

impl std::error::Error for Full {}

/// What callers make of [`Full`].
#[derive(Debug, PartialEq)]
pub(crate) struct Failed(pub(crate) &'static str);

impl From<Full> for Failed {
    fn from(_: Full) -> Failed {
        Failed("from full")
    }
}

/// Fails on odd numbers.
pub(crate) fn try_box(number: u32) -> Result<Held, Full> {
    log(format_args!("try_box {number}"));
    if number % 2 == 1 { Err(Full) } else { Ok(Held(number)) }
}

/// As that, without a reason.
pub(crate) fn try_new(number: u32) -> Option<Held> {
    try_box(number).ok()
}

/// Fails likewise, under a name that says nothing.
pub(crate) fn parse(number: u32) -> Result<u32, Full> {
    if number % 2 == 1 { Err(Full) } else { Ok(number) }
}

/// A collection that has room for even numbers.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) held: Vec<u32>,
}

impl Store {
    pub(crate) fn try_push(&mut self, number: u32) -> Result<&mut u32, Full> {
        log(format_args!("try_push {number}"));
        if number % 2 == 1 {
            return Err(Full);
        }
        self.held.push(number);
        Ok(self.held.last_mut().unwrap())
    }

    pub(crate) fn try_reserve(&mut self, number: u32) -> Result<(), Full> {
        parse(number).map(|_| ())
    }

    pub(crate) fn len(&self) -> u32 {
        self.held.len() as u32 * 2
    }

    pub(crate) fn get(&self, at: usize) -> Option<&u32> {
        self.held.get(at)
    }
}

/// Raw memory.
pub(crate) mod alloc {
    /// Null for odd numbers.
    #[allow(unsafe_code, reason = "the forms are about unsafe calls too")]
    pub(crate) unsafe fn alloc(number: u32) -> *mut u8 {
        if number % 2 == 1 { std::ptr::null_mut() } else { std::ptr::dangling_mut() }
    }
}

/// Runs a future that is never pending for long.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

/// Is pending once, then gives what `try_box` does.
pub(crate) async fn later(number: u32) -> Result<Held, Full> {
    let mut waited = false;
    std::future::poll_fn(|_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
    try_box(number)
}
