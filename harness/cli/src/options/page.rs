//! The report as a page: whether, where to, and whether it is opened.

use camino::Utf8PathBuf;
use clap::Args;

/// What is asked of the page.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub(crate) struct PageOptions {
    /// Write the report as a folder to be opened in a browser.
    #[arg(long)]
    pub(crate) html: bool,
    /// The folder of the page; by default target/firsthit/html.
    #[arg(short, long, value_name = "FOLDER", requires = "html")]
    pub(crate) output: Option<Utf8PathBuf>,
    /// Open it.
    #[arg(long, requires = "html")]
    pub(crate) open: bool,
}
