//! Caches of values: an object holds a value of one type, which is dropped when the object is given back.
#![expect(unsafe_code, reason = "moves values into objects, and drops them there")]

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};

use super::cache::{Cache, CacheInUse};
use super::options::{CacheError, CacheOptions};
use super::slab_box::SlabBox;
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::machine::Machine;

/// A cache whose objects are values of `T`.
///
/// A value is moved in by the request that gets the object, and dropped when its [`TypedBox`] is. So objects are not kept
/// constructed while they are free: a cache with a constructor is one of bytes, [`Cache`].
///
/// ```
/// use alloc_core::{CacheOptions, Gfp, Machine, NodePages};
/// struct Inode { number: u64, name: String }
/// let machine = Machine::builder().node(NodePages::new(256)).build()?;
/// let inodes = machine.typed_cache::<Inode>(CacheOptions::of::<Inode>("inode"))?;
/// let mut root = inodes.alloc(Inode { number: 1, name: "/".into() }, Gfp::KERNEL)?;
/// root.number += 1;
/// assert_eq!((root.number, root.name.as_str()), (2, "/"));
/// drop(root);
/// inodes.destroy()?;
/// assert_eq!(machine.free_pages(None), 256);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Invariants
/// Objects of `cache` are at least as large as a `T`, and aligned to it.
pub struct TypedCache<'m, T> {
    cache: Cache<'m>,
    holds: PhantomData<T>,
}

/// A value in an object of a cache. Dropped, the value is, and then the object is given back, even if the value's drop
/// panics.
///
/// # Invariants
/// `object` holds a value of `T`, in an object of a cache for it, until this owner is dropped or turned into the value.
pub struct TypedBox<'c, T> {
    object: SlabBox<'c>,
    holds: PhantomData<T>,
}

impl CacheOptions {
    /// A plain cache of objects that hold values of `T`, for [`Machine::typed_cache`].
    pub const fn of<T>(name: &'static str) -> CacheOptions {
        CacheOptions { align: align_of::<T>(), ..CacheOptions::new(name, size_of::<T>()) }
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Machine {
    /// Makes a cache of values. Size and alignment of the options are raised to those of `T`.
    ///
    /// # Errors
    /// [`CacheError::ZeroSize`] for types without bytes, whose values need no memory; [`CacheError::Constructor`] for
    /// options with one; and those of [`Machine::cache`].
    pub fn typed_cache<T>(&self, options: CacheOptions) -> Result<TypedCache<'_, T>, CacheError> {
        if size_of::<T>() == 0 {
            return Err(CacheError::ZeroSize);
        }
        if options.constructor.is_some() {
            return Err(CacheError::Constructor);
        }
        let (size, align) = (options.size.max(size_of::<T>()), options.align.max(align_of::<T>()));
        // INVARIANT: objects have these.
        let cache = self.cache(CacheOptions { size, align, ..options })?;
        Ok(TypedCache { cache, holds: PhantomData })
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<'m, T> TypedCache<'m, T> {
    /// An object for the current task, with a value in it. ZERO says nothing here.
    ///
    /// # Errors
    /// Those of [`Cache::alloc`]. The value is dropped then; [`TypedCache::alloc_with`] makes it only for an object that
    /// is there.
    pub fn alloc(&self, value: T, flags: Gfp) -> Result<TypedBox<'_, T>, AllocError> {
        self.alloc_with(flags, || value)
    }

    /// An object for the current task, and then a value for it.
    ///
    /// # Errors
    /// Those of [`Cache::alloc`]; `make` is not called then. If it panics the object is given back.
    pub fn alloc_with(&self, flags: Gfp, make: impl FnOnce() -> T) -> Result<TypedBox<'_, T>, AllocError> {
        let object = self.cache.alloc(flags.without(Gfp::ZERO))?;
        let value = make();
        // SAFETY: 1. The object is aligned to `T` and has room for one, by the cache's invariant. 2. It has no other owner.
        unsafe { object.as_ptr().cast::<T>().write(value) };
        // INVARIANT: the value has just been written.
        Ok(TypedBox { object, holds: PhantomData })
    }

    /// The cache as one of bytes: what it uses, and how it is shrunk. Objects taken from it there are not values.
    pub fn as_bytes(&self) -> &Cache<'m> {
        &self.cache
    }

    /// Ends the cache, as [`Cache::destroy`] does.
    ///
    /// # Errors
    /// [`CacheInUse`] with the objects whose owners were forgotten: their values are never dropped.
    pub fn destroy(self) -> Result<(), CacheInUse> {
        self.cache.destroy()
    }
}

impl<T> TypedBox<'_, T> {
    /// The value, out of its object, which is given back.
    pub fn into_inner(self) -> T {
        let whole = ManuallyDrop::new(self);
        // SAFETY: by the invariant there is a value; `whole` is neither dropped nor used again, so the value is moved out
        // once, and so is the object's owner.
        let (value, object) = unsafe { (whole.object.as_ptr().cast::<T>().read(), (&raw const whole.object).read()) };
        drop(object);
        value
    }
}

impl<T> Deref for TypedBox<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: by the invariant a value is there, this is its only owner, and `self` is borrowed.
        unsafe { self.object.as_ptr().cast::<T>().as_ref() }
    }
}

impl<T> DerefMut for TypedBox<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and `self` is borrowed exclusively.
        unsafe { self.object.as_ptr().cast::<T>().as_mut() }
    }
}

impl<T> Drop for TypedBox<'_, T> {
    fn drop(&mut self) {
        // SAFETY: by the invariant a value is there, and nobody sees it afterwards. The object is given back behind this,
        // also if the value's drop unwinds.
        unsafe { self.object.as_ptr().cast::<T>().drop_in_place() };
    }
}

impl<T: fmt::Debug> fmt::Debug for TypedBox<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}

impl<T> fmt::Debug for TypedCache<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Typed{:?}", self.cache)
    }
}
