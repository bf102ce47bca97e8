//! What a sweep found, for the test that asked and for people.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::Ordering::Acquire;

use crate::chain::module::split;
use crate::chain::walker::Walker;
use crate::explain::finding::{self, Chain as Shown};
use crate::explain::{frames, report as text};
use crate::explore::explorer::Explorer;
use crate::memory::campaign::Campaign;
use crate::memory::record::{Chain, End, Evidence, Facts, Gave, Kind, NONE, Quiet, Retry, Span, state};
use crate::oracle::judge::judge;
use crate::settings::Settings;
use crate::symbols::{Address, Module, Symbols};
use crate::token::Token;
use crate::trouble::Trouble;
use crate::verdict::Verdict;

/// What a sweep found.
#[derive(Debug)]
pub struct Report {
    name: String,
    verdicts: Vec<Verdict>,
    /// Findings that fail the test, and those that only count.
    text: String,
    failing: usize,
    trouble: Option<Trouble>,
}
