//! Programs that nothing can be preloaded into, told before they are run: why, and the cure.

use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use camino::Utf8Path;
use object::elf::{EM_386, EM_AARCH64, EM_ARM, EM_RISCV, EM_X86_64, ET_DYN, ET_EXEC, FileHeader64, PT_INTERP};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, ReadCache};

/// The machine that this program was built for, which is the one that it runs on.
const MACHINE: u16 = if cfg!(target_arch = "aarch64") { EM_AARCH64.0 } else { EM_X86_64.0 };

/// Why a program cannot be swept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    Unreadable(String),
    NotExecutable,
    /// A script, with the interpreter that its first line names.
    Script(String),
    NotElf,
    /// Built for another machine: which.
    Machine(String),
    Static,
    /// Linked by the loader of another C library.
    Loader(String),
    /// Set-user-id or set-group-id.
    SetId(&'static str),
    Capabilities,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Unreadable(why) => write!(f, "it cannot be read: {why}; look at the path and its rights"),
            Refusal::NotExecutable => f.write_str("it is not executable: `chmod +x` makes it so if it is a program"),
            Refusal::Script(interpreter) => write!(
                f,
                "it is a script: sweep the program that interprets it, `cargo firsthit run -- {interpreter} SCRIPT …`"
            ),
            Refusal::NotElf => f.write_str("it is no ELF file: build it for Linux"),
            Refusal::Machine(machine) => write!(f, "it is built for {machine}: build it for this machine, without --target"),
            Refusal::Static => f.write_str(
                "it is statically linked, so no library can be preloaded: build it without `-C target-feature=+crt-static` or \
                 `-static`",
            ),
            Refusal::Loader(path) => {
                write!(f, "its loader is {path}, and the preloaded library needs the GNU C library: build for a `gnu` target")
            }
            Refusal::SetId(bit) => write!(
                f,
                "its {bit} bit changes its rights, so the loader ignores preloaded libraries: sweep a copy without it, as its \
                 owner"
            ),
            Refusal::Capabilities => f.write_str(
                "it has file capabilities, so the loader ignores preloaded libraries: sweep a copy, which has none",
            ),
        }
    }
}

/// Whether a library can be preloaded into the program.
///
/// # Errors
/// Says why not, and the cure.
pub(crate) fn check(path: &Utf8Path) -> Result<(), Refusal> {
    let unreadable = |error: std::io::Error| Refusal::Unreadable(error.to_string());
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Refusal::Unreadable("it is no file".to_owned()));
    }
    let mode = metadata.permissions().mode();
    let mut file = File::open(path).map_err(unreadable)?;
    let mut start = Vec::new();
    (&mut file).take(256).read_to_end(&mut start).map_err(unreadable)?;
    if mode & 0o111 == 0 {
        return Err(Refusal::NotExecutable);
    }
    if let Some(rest) = start.strip_prefix(b"#!") {
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        return Err(Refusal::Script(String::from_utf8_lossy(line).trim().to_owned()));
    }
    elf(file)?;
    let user = (metadata.uid(), rustix::process::geteuid().as_raw());
    let group = (metadata.gid(), rustix::process::getegid().as_raw());
    if let Some(bit) = changing_bit(mode, user, group) {
        return Err(Refusal::SetId(bit));
    }
    let mut capabilities = [0_u8; 64];
    if rustix::fs::getxattr(path.as_std_path(), "security.capability", &mut capabilities).is_ok_and(|bytes| bytes > 0) {
        return Err(Refusal::Capabilities);
    }
    Ok(())
}

/// The bit that gives the program other rights than its caller's, if one does. Pairs are the file's and the caller's.
fn changing_bit(mode: u32, user: (u32, u32), group: (u32, u32)) -> Option<&'static str> {
    if mode & 0o4000 != 0 && user.0 != user.1 {
        Some("set-user-id")
    } else if mode & 0o2000 != 0 && group.0 != group.1 {
        Some("set-group-id")
    } else {
        None
    }
}

fn elf(file: File) -> Result<(), Refusal> {
    let data = ReadCache::new(file);
    let machine = object::FileKind::parse(&data).ok();
    if machine == Some(object::FileKind::Elf32) {
        return Err(Refusal::Machine("a 32-bit machine".to_owned()));
    }
    let header = FileHeader64::<Endianness>::parse(&data).map_err(|_| Refusal::NotElf)?;
    let endian = header.endian().map_err(|_| Refusal::NotElf)?;
    if ![ET_EXEC, ET_DYN].contains(&header.e_type(endian)) {
        return Err(Refusal::NotElf);
    }
    let machine = header.e_machine(endian);
    if machine.0 != MACHINE || header.is_big_endian() {
        return Err(Refusal::Machine(machine_name(machine.0)));
    }
    let segments = header.program_headers(endian, &data).map_err(|_| Refusal::NotElf)?;
    let interpreter = segments.iter().find(|segment| segment.p_type(endian) == PT_INTERP).ok_or(Refusal::Static)?;
    let loader = interpreter.data(endian, &data).map_err(|()| Refusal::NotElf)?;
    let loader = String::from_utf8_lossy(loader).trim_end_matches('\0').to_owned();
    // `ld-linux-x86-64.so.2` of the GNU C library, wherever it is installed; `ld-musl-x86_64.so.1` of musl.
    let name = loader.rsplit('/').next().unwrap_or_default();
    if name.starts_with("ld-linux") { Ok(()) } else { Err(Refusal::Loader(loader)) }
}

fn machine_name(machine: u16) -> String {
    let names =
        [(EM_X86_64, "x86_64"), (EM_AARCH64, "aarch64"), (EM_386, "x86"), (EM_ARM, "ARM"), (EM_RISCV, "RISC-V")];
    let known = names.iter().find(|(number, _)| number.0 == machine);
    known.map_or_else(|| format!("ELF machine {machine}"), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// An ELF file of 64 bits for `machine`, with a program header that names `loader`.
    fn file(machine: u16, loader: Option<&str>) -> Vec<u8> {
        let loader = loader.map(|path| format!("{path}\0"));
        let mut bytes = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend([3_u16, machine].iter().flat_map(|half| half.to_le_bytes()));
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend([0_u64, 64, 0].iter().flat_map(|word| word.to_le_bytes()));
        bytes.extend(0_u32.to_le_bytes());
        let headers = u16::from(loader.is_some());
        bytes.extend([64_u16, 56, headers, 64, 0, 0].iter().flat_map(|half| half.to_le_bytes()));
        if let Some(loader) = loader {
            bytes.extend([3_u32, 4].iter().flat_map(|word| word.to_le_bytes()));
            let size = loader.len() as u64;
            bytes.extend([120_u64, 120, 120, size, size, 1].iter().flat_map(|word| word.to_le_bytes()));
            bytes.extend(loader.as_bytes());
        }
        bytes
    }

    fn checked(bytes: &[u8]) -> Result<(), Refusal> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file.as_file().set_permissions(fs::Permissions::from_mode(0o755)).unwrap();
        check(Utf8Path::from_path(file.path()).unwrap())
    }

    const LOADER: Option<&str> = Some("/lib64/ld-linux-x86-64.so.2");

    #[test]
    fn what_the_loader_of_this_machine_loads_is_taken() {
        assert_eq!(checked(&file(MACHINE, LOADER)), Ok(()));
        let this = std::env::current_exe().unwrap();
        assert_eq!(check(Utf8Path::from_path(&this).unwrap()), Ok(()));
    }

    #[test]
    fn each_refusal_has_its_reason() {
        let musl = "/lib/ld-musl-x86_64.so.1";
        assert_eq!(checked(&file(MACHINE, None)), Err(Refusal::Static));
        assert_eq!(checked(&file(MACHINE, Some(musl))), Err(Refusal::Loader(musl.to_owned())));
        assert_eq!(checked(&file(EM_RISCV.0, LOADER)), Err(Refusal::Machine("RISC-V".to_owned())));
        assert_eq!(checked(b"#! /bin/sh -e\necho"), Err(Refusal::Script("/bin/sh -e".to_owned())));
        assert_eq!(checked(b"MZ"), Err(Refusal::NotElf));
        assert_eq!(checked(b""), Err(Refusal::NotElf));
        let mut narrow = file(MACHINE, LOADER);
        narrow[4] = 1;
        assert!(matches!(checked(&narrow), Err(Refusal::Machine(_))));
        assert!(matches!(check("/no/such/file".into()), Err(Refusal::Unreadable(_))));
        assert!(matches!(check("/".into()), Err(Refusal::Unreadable(_))));
    }

    #[test]
    fn a_damaged_file_is_refused_wherever_it_ends() {
        let whole = file(MACHINE, LOADER);
        for end in 0..whole.len() - 1 {
            assert!(checked(&whole[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn other_rights_are_those_of_another() {
        assert_eq!(changing_bit(0o4755, (0, 1000), (0, 1000)), Some("set-user-id"));
        assert_eq!(changing_bit(0o4755, (1000, 1000), (0, 1000)), None);
        assert_eq!(changing_bit(0o2755, (0, 1000), (0, 1000)), Some("set-group-id"));
        assert_eq!(changing_bit(0o755, (0, 1000), (0, 1000)), None);
    }
}
