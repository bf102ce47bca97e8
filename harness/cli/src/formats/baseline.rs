//! A stored JSON document as the run that findings are new against.

use std::collections::BTreeSet;

use camino::Utf8Path;
use serde::Deserialize;

use crate::chains::chain_id::ChainId;
use crate::file_error::FileError;
use crate::formats::json::VERSION;
use crate::trouble::Trouble;

/// What is asked of the document; all else in it may be as it likes.
#[derive(Deserialize)]
struct Document {
    causes: Vec<Cause>,
}

#[derive(Deserialize)]
struct Cause {
    fingerprint: ChainId,
}

/// The fingerprints of all that ended badly in it, findings or not.
///
/// # Errors
/// Names the file, and what it is not.
pub(crate) fn read(path: &Utf8Path) -> Result<BTreeSet<ChainId>, Trouble> {
    let text = std::fs::read(path).map_err(|error| Trouble::usage(FileError::reading(path, error).to_string()))?;
    let told = |what: &dyn std::fmt::Display| {
        Trouble::usage(format!(
            "{path} is no report of a run ({what}): write one by `cargo firsthit report --format json -o {path}`"
        ))
    };
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(|error| told(&error))?;
    let version = value.get("version").and_then(serde_json::Value::as_u64);
    match version {
        Some(version) if version > u64::from(VERSION) => {
            return Err(Trouble::usage(format!(
                "{path} was written by a newer cargo-firsthit (form {version}, this one knows up to {VERSION}): update \
                 cargo-firsthit, or write the file anew"
            )));
        }
        Some(1..) => {}
        _ => return Err(told(&"it has no version")),
    }
    let document: Document = serde_json::from_value(value).map_err(|error| told(&error))?;
    Ok(document.causes.into_iter().map(|cause| cause.fingerprint).collect())
}
