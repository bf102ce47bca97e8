//! The operating system's part of exploring: processes, their deaths, time, descriptors.
#![expect(unsafe_code, reason = "calls the operating system")]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

/// Nanoseconds of the monotonic clock, the same in every process.
pub(crate) fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes the value it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    (time.tv_sec as u64) * 1_000_000_000 + time.tv_nsec as u64
}

/// The pid of the new child in the parent, `None` in the child.
///
/// # Errors
/// When the system refuses the process, for instance under `ulimit -u`.
pub(crate) fn fork() -> io::Result<Option<u32>> {
    // SAFETY: the child runs Rust code of this runtime and the user's body; which locks it may meet held is
    // what `choose` decides on before.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        pid => Ok(Some(pid as u32)),
    }
}

/// Ends the process at once: no destructors, no handlers, no flush of inherited buffers.
pub(crate) fn exit_now(status: i32) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(status) }
}

/// Dies with the process that made this one; 0 names none, and nobody's death is this one's.
pub(crate) fn die_with_parent(parent: u32) {
    if parent == 0 {
        return;
    }
    // SAFETY: sets a property of this process.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) };
    // SAFETY: reads the parent's pid: it may have died before the line above.
    if unsafe { libc::getppid() } as u32 != parent {
        exit_now(0);
    }
}

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Death {
    Exited(i32),
    Signalled(i32),
    /// Somebody else's `wait` took the status.
    Untold,
}

/// A child process, watched through a descriptor, so that no signal handler and no polling is needed.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) pid: u32,
    descriptor: OwnedFd,
}

impl Child {
    /// Watches the child `pid`.
    ///
    /// # Errors
    /// When the kernel has no `pidfd_open` (before Linux 5.3) or no descriptors are left.
    pub(crate) fn watch(pid: u32) -> io::Result<Child> {
        // SAFETY: opens a descriptor for a child of ours.
        let mut descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        if descriptor < 0 && io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH) {
            // It has ended and somebody else took its status: a descriptor that says so at once.
            // SAFETY: makes a descriptor and nothing else.
            descriptor = libc::c_long::from(unsafe { libc::eventfd(1, libc::EFD_CLOEXEC) });
        }
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new and owned by nobody else.
        Ok(Child { pid, descriptor: unsafe { OwnedFd::from_raw_fd(descriptor as i32) } })
    }

    /// Sends a signal to one of the child's threads.
    pub(crate) fn signal_thread(&self, thread: u32, signal: i32) {
        // SAFETY: the pid is that of a child that has not been reaped.
        unsafe { libc::syscall(libc::SYS_tgkill, self.pid, thread, signal) };
    }

    /// Kills the child.
    pub(crate) fn kill(&self) {
        let (descriptor, nothing) = (self.descriptor.as_raw_fd(), std::ptr::null::<libc::siginfo_t>());
        // SAFETY: names the child by its descriptor: its number may be another's by now, if somebody took its status.
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, descriptor, libc::SIGKILL, nothing, 0) };
    }

    /// Waits for a child that has died, or will at once.
    pub(crate) fn reap(&self) -> Death {
        let mut status = 0;
        loop {
            // SAFETY: waits for one child; no other is reaped.
            let reaped = unsafe { libc::waitpid(self.pid as i32, &raw mut status, 0) };
            if reaped == self.pid as i32 {
                break;
            }
            if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
                return Death::Untold;
            }
        }
        if libc::WIFSIGNALED(status) {
            Death::Signalled(libc::WTERMSIG(status))
        } else {
            Death::Exited(libc::WEXITSTATUS(status))
        }
    }
}

/// Waits until one of the children has died, at most for `timeout`; the places of the dead.
pub(crate) fn wait_for_deaths(children: &[&Child], timeout: Duration) -> Vec<usize> {
    let poll = |child: &&Child| libc::pollfd { fd: child.descriptor.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let mut polled: Vec<_> = children.iter().map(poll).collect();
    let millis = timeout.as_nanos().div_ceil(1_000_000).min(60_000) as i32;
    // SAFETY: the array is of the length given.
    unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, millis) };
    polled.iter().enumerate().filter(|(_, poll)| poll.revents != 0).map(|(place, _)| place).collect()
}

/// How many bytes of what a child printed a finding keeps.
pub(crate) const OUTPUT_KEPT: usize = 1500;

/// Where a group of children writes what it prints: memory that is emptied before each attempt.
#[derive(Debug)]
pub(crate) struct Capture {
    file: File,
}

impl Capture {
    /// # Errors
    /// When no descriptor is left.
    pub(crate) fn create() -> io::Result<Capture> {
        // SAFETY: the name is a C string; the call makes a descriptor and nothing else.
        let fd = unsafe { libc::memfd_create(c"firsthit-output".as_ptr(), libc::MFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new and owned by nobody else.
        Ok(Capture { file: unsafe { File::from_raw_fd(fd) } })
    }

    /// What this process's standard error writes to, if it is such a capture of another process's making.
    pub(crate) fn of_standard_error() -> Option<Capture> {
        // SAFETY: makes a second descriptor of an own stream.
        let fd = unsafe { libc::fcntl(libc::STDERR_FILENO, libc::F_DUPFD_CLOEXEC, 3) };
        // SAFETY: the descriptor is new and owned by nobody else.
        (fd >= 0).then(|| Capture { file: unsafe { File::from_raw_fd(fd) } })
    }

    /// A second descriptor of the same memory, for a child's standard streams.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub(crate) fn stream(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Makes this process's standard output and error write here.
    pub(crate) fn become_standard_streams(&self) {
        for stream in [libc::STDOUT_FILENO, libc::STDERR_FILENO] {
            // SAFETY: replaces this process's own stream by a copy of a live descriptor.
            unsafe { libc::dup2(self.file.as_raw_fd(), stream) };
        }
    }

    /// Forgets what was written, of both streams: they share one offset.
    pub(crate) fn clear(&self) {
        // SAFETY: moves the offset of a descriptor that this value owns.
        unsafe { libc::lseek(self.file.as_raw_fd(), 0, libc::SEEK_SET) };
        let _ = self.file.set_len(0);
    }

    /// The last `count` bytes that were written.
    pub(crate) fn tail(&self, count: usize) -> Vec<u8> {
        let len = self.file.metadata().map_or(0, |metadata| metadata.len());
        let start = len.saturating_sub(count as u64);
        let mut bytes = vec![0; (len - start) as usize];
        let read = self.file.read_at(&mut bytes, start).unwrap_or(0);
        bytes.truncate(read);
        bytes
    }
}

/// The numbers of this process's threads; `None` where `/proc` is not mounted.
pub(crate) fn thread_ids() -> Option<impl Iterator<Item = u32>> {
    let threads = std::fs::read_dir("/proc/self/task").ok()?;
    Some(threads.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()))
}

/// The running thread's number in the kernel.
pub(crate) fn thread_id() -> u32 {
    // SAFETY: reads a number.
    unsafe { libc::gettid() as u32 }
}

/// How many threads this process has; `None` where `/proc` is not mounted.
///
/// The kernel counts the directory's links, two of its own and one for each thread, so that nothing needs to be listed.
pub(crate) fn threads() -> Option<usize> {
    let links = std::fs::metadata("/proc/self/task").ok()?.nlink();
    links.checked_sub(2).map(|threads| threads as usize)
}

/// How many descriptors are open; `None` where `/proc` is not mounted.
pub(crate) fn descriptors_count() -> Option<usize> {
    // Since Linux 6.2 the directory's size is their number; before, it is 0.
    match std::fs::metadata("/proc/self/fd").ok()?.len() {
        0 => descriptors().map(|open| open.len()),
        count => Some(count as usize),
    }
}

/// The descriptors that are open; `None` where `/proc` is not mounted.
pub(crate) fn descriptors() -> Option<Vec<i32>> {
    let open = std::fs::read_dir("/proc/self/fd").ok()?;
    let numbers = open.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut numbers: Vec<i32> = numbers.collect();
    // The listing's own descriptor is closed by now.
    // SAFETY: asks for a property of a descriptor, open or not.
    numbers.retain(|fd| unsafe { libc::fcntl(*fd, libc::F_GETFD) } != -1);
    Some(numbers)
}

/// How a process spent its time: nanoseconds of processor time, and whether it waits for something.
pub(crate) fn activity(pid: u32) -> Option<(u64, bool)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let waits = fields.next()? != "R";
    let mut ticks = fields.skip(10);
    let (user, system): (u64, u64) = (ticks.next()?.parse().ok()?, ticks.next()?.parse().ok()?);
    // SAFETY: reads a constant of the system.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) }.max(1) as u64;
    Some(((user + system) * 1_000_000_000 / per_second, waits))
}

/// Regular files that were open before the fork: reopened, so that their offsets are this process's own.
#[derive(Debug, Default)]
pub(crate) struct Inherited {
    files: Vec<(i32, i64)>,
}

impl Inherited {
    /// Gives this process its own offsets, at the places where the parent's stand.
    pub(crate) fn reopen(capture: Option<&Capture>) -> Inherited {
        Inherited { files: before_the_sweep(capture).filter_map(|fd| Some((fd, reopen(fd)?))).collect() }
    }

    /// Remembers the offsets of a process that shares them with no other.
    pub(crate) fn remember(capture: Option<&Capture>) -> Inherited {
        Inherited { files: before_the_sweep(capture).filter_map(|fd| Some((fd, offset(fd)?))).collect() }
    }

    /// Puts every offset back to where it stood at the fork.
    pub(crate) fn rewind(&self) {
        for (fd, offset) in &self.files {
            // SAFETY: moves an offset of this process's own.
            unsafe { libc::lseek(*fd, *offset, libc::SEEK_SET) };
        }
    }
}

/// The descriptors that the test may have opened; what the children print is not among them.
fn before_the_sweep(capture: Option<&Capture>) -> impl Iterator<Item = i32> {
    let own = capture.map(|capture| capture.file.as_raw_fd());
    let open = descriptors().unwrap_or_default().into_iter();
    open.filter(move |fd| *fd > libc::STDERR_FILENO && Some(*fd) != own)
}

/// Where a regular file stands; `None` for anything else.
fn offset(fd: i32) -> Option<i64> {
    // SAFETY: zeroed `stat` is valid, and the call fills it; the offset of an open descriptor is asked for.
    unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        let regular = libc::fstat(fd, &raw mut stat) == 0 && stat.st_mode & libc::S_IFMT == libc::S_IFREG;
        regular.then(|| libc::lseek(fd, 0, libc::SEEK_CUR))
    }
}

/// Replaces `fd` by an own description of the same regular file and gives its offset.
fn reopen(fd: i32) -> Option<i64> {
    let offset = offset(fd)?;
    // SAFETY: asks for a property of an open descriptor.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    let path = std::ffi::CString::new(format!("/proc/self/fd/{fd}")).ok()?;
    // Flags of creation: with O_TMPFILE, which contains O_DIRECTORY, the file would be taken for a directory.
    let flags = flags & !(libc::O_TMPFILE | libc::O_EXCL | libc::O_TRUNC | libc::O_CREAT);
    // SAFETY: opens the file behind an open descriptor a second time.
    let own = unsafe { libc::open(path.as_ptr(), flags | libc::O_CLOEXEC) };
    if own < 0 {
        return None;
    }
    // SAFETY: both descriptors are this process's; the flag of the replaced one is kept.
    unsafe {
        let close_on_exec = libc::fcntl(fd, libc::F_GETFD);
        libc::lseek(own, offset, libc::SEEK_SET);
        libc::dup2(own, fd);
        libc::fcntl(fd, libc::F_SETFD, close_on_exec);
        libc::close(own);
    }
    Some(offset)
}

/// No core files: a crash is a finding here, not an accident.
pub(crate) fn leave_no_core() {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: sets a limit of this process.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_whose_status_was_taken_is_dead() {
        let mut gone = std::process::Command::new("true").spawn().unwrap();
        gone.wait().unwrap();
        let child = Child::watch(gone.id()).unwrap();
        assert_eq!(wait_for_deaths(&[&child], Duration::from_secs(10)), [0]);
        child.kill();
        assert_eq!(child.reap(), Death::Untold);
    }

    #[test]
    fn what_is_opened_and_started_is_counted() {
        // Other tests open and close beside this one: the counts are compared with the listings they stand for.
        let agree = |one: fn() -> Option<usize>, other: fn() -> Option<usize>| {
            (0..1000).any(|_| one() == other() && one().is_some_and(|count| count > 0))
        };
        assert!(agree(descriptors_count, || descriptors().map(|open| open.len())));
        assert!(agree(threads, || std::fs::read_dir("/proc/self/task").ok().map(Iterator::count)));
    }
}
