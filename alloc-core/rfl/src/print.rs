//! The kernel's messages, on the standard error output.

/// Prints a message of the kernel's levels.
#[doc(hidden)]
#[macro_export]
macro_rules! __print {
    ($level:literal, $($message:tt)+) => {
        ::std::eprint!("{}: {}", $level, ::std::format_args!($($message)+))
    };
}

/// Prints an error.
#[macro_export]
macro_rules! pr_err {
    ($($message:tt)+) => { $crate::__print!("error", $($message)+) };
}

/// Prints a warning.
#[macro_export]
macro_rules! pr_warn {
    ($($message:tt)+) => { $crate::__print!("warning", $($message)+) };
}

/// Prints what is good to know.
#[macro_export]
macro_rules! pr_info {
    ($($message:tt)+) => { $crate::__print!("info", $($message)+) };
}

/// Prints what only who looks for an error wants to know.
#[macro_export]
macro_rules! pr_debug {
    ($($message:tt)+) => { $crate::__print!("debug", $($message)+) };
}
