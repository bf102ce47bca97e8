//! The layout of an array whose size fits into an allocation.
#![expect(unsafe_code, reason = "one constructor leaves the check to its caller")]

use core::alloc::Layout;
pub use core::alloc::LayoutError;
use core::fmt;
use core::marker::PhantomData;

/// The layout of an array of `T`.
///
/// ```
/// use alloc_core_rfl as kernel;
/// use kernel::alloc::layout::ArrayLayout;
/// let layout = ArrayLayout::<i32>::new(15)?;
/// assert_eq!((layout.len(), layout.size()), (15, 60));
/// assert!(ArrayLayout::<i32>::new(isize::MAX as usize).is_err());
/// # Ok::<(), kernel::alloc::layout::LayoutError>(())
/// ```
///
/// # Invariants
/// `len * size_of::<T>()` is `isize::MAX` at most.
pub struct ArrayLayout<T> {
    len: usize,
    element: PhantomData<fn() -> T>,
}

impl<T> Clone for ArrayLayout<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ArrayLayout<T> {}

impl<T> fmt::Debug for ArrayLayout<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArrayLayout({} of {} bytes)", self.len, size_of::<T>())
    }
}

impl<T> ArrayLayout<T> {
    /// The layout of no elements.
    pub const fn empty() -> Self {
        // INVARIANT: 0 is small enough.
        ArrayLayout { len: 0, element: PhantomData }
    }

    /// The layout of `len` elements.
    ///
    /// # Errors
    /// [`LayoutError`] if they have more bytes than `isize::MAX`.
    pub const fn new(len: usize) -> Result<Self, LayoutError> {
        match Layout::array::<T>(len) {
            // INVARIANT: just looked at.
            Ok(_) => Ok(ArrayLayout { len, element: PhantomData }),
            Err(error) => Err(error),
        }
    }

    /// The layout of `len` elements, unchecked.
    ///
    /// # Safety
    /// They have `isize::MAX` bytes at most.
    pub const unsafe fn new_unchecked(len: usize) -> Self {
        // INVARIANT: the caller's promise.
        ArrayLayout { len, element: PhantomData }
    }

    /// The number of elements.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The size in bytes.
    pub const fn size(&self) -> usize {
        self.len * size_of::<T>()
    }
}

impl<T> From<ArrayLayout<T>> for Layout {
    fn from(array: ArrayLayout<T>) -> Layout {
        // By the invariant there is a layout; of no elements there is always one.
        Layout::array::<T>(array.len).unwrap_or(Layout::new::<[T; 0]>())
    }
}
