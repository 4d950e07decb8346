//! Memory on cache-line boundaries, since a vector register's load that straddles two lines costs twice, and on huge pages.
//!
//! A piece of several megabytes gets huge pages by itself; those of a layer are smaller, so an [`Arena`] cuts them from larger ones.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use memmap2::{MmapMut, MmapRaw};

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
    place: Place,
    capacity: usize,
    len: usize,
    numbers: PhantomData<T>,
}

/// Where numbers lie.
enum Place {
    /// Nowhere, while there is no capacity.
    None,
    Own(Buffer),
    /// So many bytes into a region that others use too.
    Part(Arc<MmapRaw>, usize),
}

/// The usual kind.
pub(crate) type Floats = Aligned<f32>;

impl<T> Default for Aligned<T> {
    fn default() -> Self {
        Self { place: Place::None, capacity: 0, len: 0, numbers: PhantomData }
    }
}

impl<T: Plain> Aligned<T> {
    /// Room for `capacity` numbers, and none of them yet.
    pub fn with_capacity(capacity: usize) -> Self {
        let own = || Place::Own(Buffer::new(capacity * size_of::<T>()));
        let place = if capacity > 0 { own() } else { Place::None };
        Self { place, capacity, ..Self::default() }
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
        let at = match &self.place {
            Place::None => return &[],
            Place::Own(buffer) => buffer.as_ptr(),
            Place::Part(region, from) => region.as_ptr().wrapping_add(*from),
        };
        // SAFETY: the place was made for `capacity` ≥ `len` numbers, zeroed, and any bits are a number.
        unsafe { std::slice::from_raw_parts(at.cast(), self.len) }
    }
}

impl<T: Plain> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        let at = match &mut self.place {
            Place::None => return &mut [],
            Place::Own(buffer) => buffer.as_mut_ptr(),
            Place::Part(region, from) => region.as_mut_ptr().wrapping_add(*from),
        };
        // SAFETY: as above, borrowed for this alone, and no other piece of a region overlaps this one.
        unsafe { std::slice::from_raw_parts_mut(at.cast(), self.len) }
    }
}

/// Cuts pieces from regions on huge pages, one after another. A region goes back to the system with the last of its pieces, so an
/// arena is for pieces that live and die together.
#[derive(Default)]
pub(crate) struct Arena {
    region: Option<Arc<MmapRaw>>,
    used: usize,
}

impl Arena {
    /// Bytes of a region. What is never written to takes no memory.
    const REGION: usize = 64 << 20;
    /// Larger pieces are a region by themselves.
    const LARGE: usize = 8 << 20;

    /// Room for `capacity` numbers, and none of them yet.
    pub fn room<T: Plain>(&mut self, capacity: usize) -> Aligned<T> {
        let bytes = (capacity * size_of::<T>()).next_multiple_of(64);
        if bytes == 0 || bytes > Self::LARGE {
            return Aligned::with_capacity(capacity);
        }
        if self.region.is_none() || self.used + bytes > Self::REGION {
            (self.region, self.used) = (region(Self::REGION), 0);
        }
        let Some(region) = &self.region else { return Aligned::with_capacity(capacity) };
        let place = Place::Part(region.clone(), self.used);
        self.used += bytes;
        Aligned { place, capacity, ..Aligned::default() }
    }

    /// The same numbers in this arena, unless they have a region to themselves.
    pub fn keep<T: Plain>(&mut self, numbers: Aligned<T>) -> Aligned<T> {
        if numbers.len() * size_of::<T>() > Self::LARGE {
            return numbers;
        }
        let mut kept = self.room(numbers.len());
        kept.reshape(numbers.len());
        kept.copy_from_slice(&numbers);
        kept
    }
}

/// Zeros from the system, if it has room for them.
fn region(bytes: usize) -> Option<Arc<MmapRaw>> {
    let map = MmapMut::map_anon(bytes).ok()?;
    #[cfg(target_os = "linux")]
    let _ = map.advise(memmap2::Advice::HugePage);
    Some(Arc::new(map.into()))
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
    #[test]
    fn pieces_of_an_arena_do_not_touch() {
        let mut arena = Arena::default();
        let lengths = [1, 0, 100, Arena::LARGE / 4, 17, Arena::LARGE, Arena::REGION / 4 - 100, 5];
        let mut pieces: Vec<Floats> = Vec::new();
        for (i, len) in lengths.into_iter().chain([Arena::LARGE / 4; 8]).enumerate() {
            let mut piece: Floats = arena.room(len);
            assert_eq!((piece.len(), piece.capacity()), (0, len));
            piece.reshape(len.min(1000));
            piece.fill(i as f32);
            assert!(piece.is_empty() || piece.as_ptr().addr().is_multiple_of(64));
            pieces.push(piece);
        }
        drop(arena);
        for (i, piece) in pieces.iter().enumerate() {
            assert!(piece.iter().all(|x| *x == i as f32), "piece {i}");
        }
        let last = pieces.pop().unwrap();
        drop(pieces);
        assert_eq!(Arena::default().keep(last)[999], 15.0);
    }
}
