//! The running program: which build it is, and what its processes know of its points.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::time::UNIX_EPOCH;

use super::entry::Entry;
use super::id::PointId;
use super::model::Model;
use super::sweeps;
use super::tally::Tally;
use crate::annotation::point::seen;
use crate::annotation::registry;
use crate::chain::module::program_id;

/// One build of one program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Program {
    /// Its file, from the folder that cargo builds in: `debug/deps/cache-0123456789abcdef`.
    pub(crate) name: String,
    pub(crate) build: u64,
    /// When its file was written, in nanoseconds since 1970.
    pub(crate) built: u64,
}

impl Program {
    /// The running one; `file` is its file.
    pub(crate) fn running(file: &Path) -> Program {
        let name = target(file).and_then(|target| file.strip_prefix(target).ok()).map(Path::as_os_str);
        let name = name.or(file.file_name()).unwrap_or(OsStr::new("program"));
        let written = file.metadata().and_then(|metadata| metadata.modified()).ok();
        let built = written.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |time| time.as_nanos());
        Program { name: name.to_string_lossy().into_owned(), build: program_id(), built: built as u64 }
    }
}

/// The folder that cargo builds in: the nearest one above `file` with a mark that it can be thrown away.
pub(crate) fn target(file: &Path) -> Option<PathBuf> {
    file.ancestors().skip(1).find(|folder| folder.join("CACHEDIR.TAG").is_file()).map(Path::to_owned)
}

/// All points of this program, with what this process knows of them.
pub(crate) fn model() -> Model {
    let declared = registry::declared();
    let ids = PointId::of_all(declared);
    let tallies = sweeps::counted().unwrap_or_default();
    let mut model = Model::default();
    for (number, (declared, id)) in declared.iter().zip(&ids).enumerate() {
        let mut entry = Entry::of(declared, number, &ids);
        let seen = declared.point.cell.seen.load(Relaxed);
        let counted = tallies.get(number).cloned().unwrap_or_default();
        entry.tally = Tally { reached: seen & seen::REACHED != 0, ran: seen & seen::RAN != 0, ..counted };
        model.add(*id, entry);
    }
    model
}
