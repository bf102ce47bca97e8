//! The way in: the library is preloaded, and the C library is about to call the program's `main`.
#![expect(unsafe_code, reason = "stands before the C library's start of a program, and changes its environment")]

use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Duration;

use super::director;
use super::ending;
use super::mains::{self, Main, Mains, What};
use crate::chain::walker::Walker;
use crate::explore::base;
use crate::explore::fresh::Orders;
use crate::explore::launch::Job;
use crate::explore::session::Session;
use crate::explore::unix::{self, Capture};
use crate::libc_symbol::LibcSymbol;
use crate::memory::bell;
use crate::memory::campaign::Campaign;
use crate::memory::record::stage;
use crate::settings::Settings;
use crate::trouble::Trouble;

/// The variable that tells a program with the library preloaded what it is started for, as [`Orders`] writes it.
pub(crate) const ORDERS: &str = match ORDERS_OF_C.to_str() {
    Ok(name) => name,
    Err(_) => unreachable!(),
};
const ORDERS_OF_C: &CStr = c"FIRSTHIT_PROGRAM";

/// A program's `main`.
pub type MainFunction = unsafe extern "C-unwind" fn(c_int, *mut *mut c_char, *mut *mut c_char) -> c_int;
/// A function that runs before or behind `main`.
pub type Hook = unsafe extern "C" fn();
type Start = unsafe extern "C" fn(
    MainFunction,
    c_int,
    *mut *mut c_char,
    Option<Hook>,
    Option<Hook>,
    Option<Hook>,
    *mut c_void,
) -> c_int;

static START: LibcSymbol = LibcSymbol::new(c"__libc_start_main");
/// The program's own `main`.
static MAIN: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// The C library's `__libc_start_main`, with ours in the place of the program's `main`.
///
/// # Safety
/// As the C library's: called once, by a program's first instructions.
pub unsafe fn start_main(
    main: MainFunction,
    count: c_int,
    arguments: *mut *mut c_char,
    init: Option<Hook>,
    fini: Option<Hook>,
    loader_fini: Option<Hook>,
    stack: *mut c_void,
) -> c_int {
    MAIN.store(main as *mut c_void, Release);
    let Some(start) = START.address() else { unix::exit_now(127) };
    // SAFETY: the C library's function has this signature.
    let start = unsafe { std::mem::transmute::<*const c_void, Start>(start) };
    // SAFETY: the caller's own arguments.
    unsafe { start(begin, count, arguments, init, fini, loader_fini, stack) }
}

/// What runs in the place of the program's `main`.
unsafe extern "C-unwind" fn begin(count: c_int, arguments: *mut *mut c_char, environment: *mut *mut c_char) -> c_int {
    // SAFETY: stored by `start_main`, from a function of this type.
    let function = unsafe { std::mem::transmute::<*mut c_void, MainFunction>(MAIN.load(Acquire)) };
    let main = Main { function, count, arguments, environment };
    if let Some(orders) = taken_orders() {
        // What changes the environment may have moved it.
        // SAFETY: the C library's own variable.
        let environment = unsafe { environ };
        follow(&orders, Main { environment, ..main });
    }
    // SAFETY: what the C library would have called, with what it would have given.
    unsafe { function(count, arguments, environment) }
}

unsafe extern "C" {
    static mut environ: *mut *mut c_char;
}

/// The orders of this process, which are taken out of the environment, with the library: its children are none of ours.
fn taken_orders() -> Option<Orders> {
    let variable = |name: &CStr| {
        // SAFETY: before `main` no other thread changes the environment; the value is copied at once.
        unsafe { libc::getenv(name.as_ptr()).as_ref().map(|value| CStr::from_ptr(value).to_bytes().to_vec()) }
    };
    let word = variable(ORDERS_OF_C)?;
    let preloaded = variable(c"LD_PRELOAD").unwrap_or_default();
    // What the user has preloaded stands behind this library.
    let rest = preloaded.splitn(2, |byte| b": ".contains(byte)).nth(1).filter(|rest| !rest.is_empty());
    let rest = rest.and_then(|rest| CString::new(rest).ok());
    // SAFETY: as above.
    unsafe {
        libc::unsetenv(ORDERS_OF_C.as_ptr());
        match rest {
            Some(rest) => libc::setenv(c"LD_PRELOAD".as_ptr(), rest.as_ptr(), 1),
            None => libc::unsetenv(c"LD_PRELOAD".as_ptr()),
        };
    }
    let orders = OsStr::from_bytes(&word).to_str().and_then(Orders::from_word);
    if orders.is_none() {
        eprintln!(
            "{ORDERS}={}: it is for programs that a sweep starts, and they are told otherwise",
            word.escape_ascii()
        );
        unix::exit_now(1);
    }
    orders
}

/// Does what this process was started for.
fn follow(orders: &Orders, main: Main) -> ! {
    unix::die_with_parent(orders.parent);
    let campaign = match base::open(&orders.campaign) {
        Ok(campaign) => Arc::new(campaign),
        Err(trouble) => {
            eprintln!("{trouble}");
            unix::exit_now(1);
        }
    };
    ending::prepare();
    let header = campaign.header();
    let settings = settings(&campaign);
    let walker = match header.follower.walker.load(Relaxed) {
        0 => Walker::checked(),
        number => {
            Walker::checked();
            Walker::from_number(number)
        }
    };
    header.follower.walker.store(walker as u32, Relaxed);
    let struck = |scope: &crate::scope::shared::Scope| {
        // Where the failure is delivered is where a hang is most likely to come from.
        scope.slot().thread.store(unix::thread_id(), Relaxed);
        firsthit_fails();
    };
    let session = Session {
        shares_raw: orders.job.is_none(),
        struck,
        shares_std: false,
        ..Session::new(&settings, &campaign, walker)
    };
    let Some(job) = orders.job else {
        header.epoch.fetch_add(1, Relaxed);
        header.stage.fetch_max(stage::ATTACHED, Relaxed);
        if let Some(threads) = unix::threads().filter(|threads| *threads > 1) {
            let trouble = Trouble::OwnsThreads(format!("it has {threads} threads before its main begins"));
            let (number, text) = trouble.to_record();
            header.set_trouble(number, campaign.add_text(text.as_bytes()));
            header.stage.store(stage::FINISHED, Release);
            bell::ring(&header.follower.news);
            unix::exit_now(0);
        }
        director::direct(session, &Mains { session, main });
        unix::exit_now(0);
    };
    let what = match (orders.request, job) {
        (Some(number), _) => What::Number(number),
        (None, Job::Record) => What::Job(Job::Record),
        (None, _) if orders.parent == 0 => What::Debugged,
        (None, _) => What::Job(Job::One),
    };
    mains::run(session, main, orders.slot, what, Capture::of_standard_error())
}

/// Called where a failure is delivered, and does nothing: debuggers stop here.
#[inline(never)]
#[unsafe(no_mangle)]
pub extern "C" fn firsthit_fails() {
    std::hint::black_box(());
}

/// What the follower asks for.
pub(super) fn settings(campaign: &Campaign) -> Settings {
    let follower = &campaign.header().follower;
    let limit = follower.limit_ms.load(Relaxed);
    Settings {
        depth: follower.depth.load(Relaxed).max(1),
        time_limit: (limit > 0).then(|| Duration::from_millis(limit.into())),
        ..Settings::of_a_program(campaign.chains_max())
    }
}
