//! The report as a page: whether it is made, and whether it is opened.

use clap::Args;

/// What is asked of the page.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Output")]
pub(crate) struct PageOptions {
    /// Write the report as a page: a folder, by default target/firsthit/html, that a browser shows without any network.
    #[arg(long, group = "form")]
    pub(crate) html: bool,
    /// Open the page in the browser.
    #[arg(long, requires = "html")]
    pub(crate) open: bool,
}
