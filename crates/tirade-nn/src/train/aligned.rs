//! Memory on cache-line boundaries, large pieces on huge pages: a vector register's load that straddles two lines costs twice.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use crate::kernel::pack::Buffer;

/// Numbers of which every pattern of bits is one.
///
/// # Safety
/// Zeros and whatever else lies in memory must be a value, and its alignment at most 64.
pub(crate) unsafe trait Plain: Copy {}
// SAFETY: plain numbers.
unsafe impl Plain for f32 {}
// SAFETY: plain numbers.
unsafe impl Plain for u16 {}
// SAFETY: plain numbers.
unsafe impl Plain for u8 {}
// SAFETY: plain numbers.
unsafe impl Plain for i8 {}

/// A slice of numbers with room to be reshaped; unlike a `Vec` it does not keep its contents when it grows.
pub(crate) struct Aligned<T> {
    /// `None` while there is no capacity.
    buffer: Option<Buffer>,
    capacity: usize,
    len: usize,
    numbers: PhantomData<T>,
}

/// The usual kind.
pub(crate) type Floats = Aligned<f32>;

impl<T> Default for Aligned<T> {
    fn default() -> Self {
        Self { buffer: None, capacity: 0, len: 0, numbers: PhantomData }
    }
}

impl<T: Plain> Aligned<T> {
    /// Room for `capacity` numbers, and none of them yet.
    pub fn with_capacity(capacity: usize) -> Self {
        let buffer = (capacity > 0).then(|| Buffer::new(capacity * size_of::<T>()));
        Self { buffer, capacity, ..Self::default() }
    }

    /// How long it can be without new memory.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Makes it `len` long, with arbitrary contents.
    pub fn reshape(&mut self, len: usize) {
        if len > self.capacity {
            *self = Self::default();
            *self = Self::with_capacity(len);
        }
        self.len = len;
    }
}

impl<T: Plain> Deref for Aligned<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        match &self.buffer {
            // SAFETY: the buffer was made for `capacity` ≥ `len` numbers, zeroed, and any bits are a number.
            Some(buffer) => unsafe { std::slice::from_raw_parts(buffer.as_ptr().cast(), self.len) },
            None => &[],
        }
    }
}

impl<T: Plain> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.buffer {
            // SAFETY: as above, and borrowed for this alone.
            Some(buffer) => unsafe { std::slice::from_raw_parts_mut(buffer.as_mut_ptr().cast(), self.len) },
            None => &mut [],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reshaping_keeps_memory_while_it_is_enough() {
        let mut floats = Floats::default();
        assert!(floats.is_empty());
        for (len, capacity) in [(5, 5), (3, 5), (2_000_000, 2_000_000), (7, 2_000_000)] {
            floats.reshape(len);
            floats.fill(1.0);
            assert_eq!((floats.len(), floats.capacity()), (len, capacity));
            assert!(floats.as_ptr().addr().is_multiple_of(64));
        }
    }
}
