//! Functions of every kind are injectable, in every form.
#![deny(warnings)]

use std::future::Future;
use std::io;

const FALLBACK: i32 = -1;

/// Documented.
#[firsthit::injectable(Err(io::Error::other("no")), Err(io::Error::other(path.to_owned())))]
pub fn open(path: &str) -> io::Result<u8> {
    path.parse().map_err(io::Error::other)
}

#[must_use]
#[firsthit::injectable(FALLBACK, self::FALLBACK - 1)]
pub extern "C" fn descriptor(number: i32) -> i32 {
    #![allow(unused_variables)]
    let unused = number;
    number
}

#[firsthit::injectable(null)]
pub unsafe fn shared<'a, T>(value: &'a T) -> *const T
where
    T: Sized + 'a,
{
    value
}

pub type Pointer<T> = *mut T;

#[firsthit::injectable(null)]
pub fn own<T>(value: &mut T) -> Pointer<T> {
    value
}

pub struct Boxed;

impl From<io::Error> for Boxed {
    fn from(_: io::Error) -> Boxed {
        Boxed
    }
}

#[firsthit::injectable(io = WouldBlock, errno = [EINTR, EAGAIN], Ok(0), Err(Boxed))]
pub async fn read(mut buffer: Vec<u8>) -> Result<usize, Boxed> {
    buffer.clear();
    std::future::ready(Ok(buffer.len())).await
}

pub trait Store {
    #[firsthit::injectable(None)]
    fn load(&mut self, key: u8) -> Option<u8> {
        key.checked_add(1)
    }
}

pub struct Memory<const N: usize>([u8; N]);

impl<const N: usize> Store for Memory<N> {
    #[inline]
    #[firsthit::injectable(None, key.checked_mul(2))]
    fn load(&mut self, key: u8) -> Option<u8> {
        self.0.get(usize::from(key)).copied()
    }
}

impl<const N: usize> Memory<N> {
    #[firsthit::injectable(Err(self))]
    pub fn grow(self) -> Result<Memory<N>, Memory<N>> {
        Ok(self)
    }

    #[firsthit::injectable(Box::new(std::iter::empty()))]
    pub fn bytes(&self) -> Box<dyn Iterator<Item = u8> + '_> {
        Box::new(self.0.iter().copied())
    }
}

macro_rules! functions {
    ($($name:ident -> $returned:ty = $failure:expr, $value:expr;)*) => {$(
        #[firsthit::injectable($failure)]
        pub fn $name() -> $returned {
            $value
        }
    )*};
}

functions! {
    one -> Result<u8, ()> = Err(()), Ok(1);
    r#try -> Option<u8> = None, Some(2);
}

/// Every kind of an `io::Error` that goes by its name.
#[rustfmt::skip]
#[firsthit::injectable(io = [
    AddrInUse, AddrNotAvailable, AlreadyExists, ArgumentListTooLong, BrokenPipe, ConnectionAborted, ConnectionRefused,
    ConnectionReset, CrossesDevices, Deadlock, DirectoryNotEmpty, ExecutableFileBusy, FileTooLarge, HostUnreachable,
    Interrupted, InvalidData, InvalidFilename, InvalidInput, IsADirectory, NetworkDown, NetworkUnreachable,
    NotADirectory, NotConnected, NotFound, NotSeekable, Other, OutOfMemory, PermissionDenied, QuotaExceeded,
    ReadOnlyFilesystem, ResourceBusy, StaleNetworkFileHandle, StorageFull, TimedOut, TooManyLinks, UnexpectedEof,
    Unsupported, WouldBlock, WriteZero,
])]
pub fn every_kind() -> io::Result<()> {
    Ok(())
}

fn main() {
    assert_eq!(open("7").unwrap(), 7);
    assert_eq!(descriptor(3), 3);
    assert!(!own(&mut 1).is_null());
    // SAFETY: it is safe.
    assert!(!unsafe { shared(&1) }.is_null());
    assert_eq!(Memory([5, 6]).load(1), Some(6));
    assert!(Memory([1]).grow().is_ok_and(|memory| memory.bytes().eq([1])));
    assert_eq!((one(), r#try()), (Ok(1), Some(2)));
    assert!(every_kind().is_ok());
    fn is_send<F: Future + Send>(_: &F) {}
    is_send(&read(Vec::new()));
}
