//! Vectors and boxes that promise an error: after it they are as they were.

use std::collections::TryReserveError;

#[test]
fn aligned_vec_reserves() {
    let mut v: aligned_vec::AVec<u32> = aligned_vec::AVec::new(64);
    for n in 0..40u32 {
        let before = v.to_vec();
        if v.try_reserve(1).is_err() {
            assert_eq!(*v, before[..]);
            continue;
        }
        v.push(n);
    }
    let before = v.to_vec();
    if v.try_reserve_exact(1000).is_err() {
        assert_eq!(*v, before[..]);
    }
}

#[test]
fn allocator_api2_vec_and_box() {
    use allocator_api2::{boxed::Box, vec::Vec};
    let mut v: Vec<u32> = Vec::new();
    for n in 0..40u32 {
        let before = v.len();
        if v.try_reserve(1).is_err() {
            assert_eq!(v.len(), before);
            continue;
        }
        v.push(n);
    }
    let _ = v.try_reserve_exact(1000);
    let _ = Box::try_new([0u64; 8]);
    let _ = Box::<[u64; 8]>::try_new_uninit();
    let _ = Box::<[u64; 8]>::try_new_zeroed();
}

#[test]
fn fallible_vec_all() -> Result<(), TryReserveError> {
    use fallible_vec::{FallibleVec, TryCollect};
    let mut v: Vec<u32> = Vec::new();
    for n in 0..20 {
        let before = v.len();
        if v.try_push(n).is_err() {
            assert_eq!(v.len(), before);
        }
    }
    v.try_insert(0, 5)?;
    v.try_extend(0..50)?;
    v.try_extend_from_slice(&[1; 100])?;
    v.try_resize(400, 3)?;
    v.try_resize_with(900, || 4)?;
    let c: Vec<u32> = (0..100).try_collect()?;
    assert_eq!(c.len(), 100);
    Ok(())
}

#[test]
fn fallible_collections_all() -> Result<(), fallible_collections::TryReserveError> {
    use fallible_collections::{FallibleBox, FallibleVec as F, TryBox, TryClone, TryHashMap, TryRead, TryVec};
    let mut v: Vec<u32> = Vec::new();
    for n in 0..20 {
        let before = v.len();
        if F::try_push(&mut v, n).is_err() {
            assert_eq!(v.len(), before);
        }
    }
    if let Err((back, _)) = F::try_push_give_back(&mut v, 77) {
        assert_eq!(back, 77);
    }
    if let Err((back, _)) = F::try_insert(&mut v, 0, 78) {
        assert_eq!(back, 78);
    }
    let mut other = vec![1; 100];
    if F::try_append(&mut v, &mut other).is_err() {
        assert_eq!(other.len(), 100);
    }
    F::try_resize(&mut v, 400, 3)?;
    F::try_resize_with(&mut v, 900, || 4)?;
    F::try_extend_from_slice(&mut v, &[7; 2000])?;
    let b = <Box<u64> as FallibleBox<u64>>::try_new(4)?;
    let _ = b.try_clone()?;
    let _ = TryBox::try_new(3u64)?.try_clone()?;
    let mut t: TryVec<TryVec<u8>> = TryVec::new();
    for _ in 0..5 {
        let mut inner = TryVec::new();
        inner.push(1)?;
        t.push(inner)?;
    }
    let _ = t.concat()?;
    let mut m: TryHashMap<u32, u32> = TryHashMap::default();
    for n in 0..20 {
        let before = m.len();
        if m.insert(n, n).is_err() {
            assert_eq!(m.len(), before);
        }
    }
    let _ = m.try_clone()?;
    let data = [3u8; 300];
    let mut take = std::io::Read::take(&data[..], 200);
    let _ = take.read_into_try_vec();
    Ok(())
}

#[test]
fn minivec_reserves() {
    let mut v: minivec::MiniVec<u32> = minivec::MiniVec::new();
    for n in 0..40u32 {
        let before = v.len();
        if v.try_reserve(1).is_err() {
            assert_eq!(v.len(), before);
            continue;
        }
        v.push(n);
    }
    if v.try_reserve_exact(1000).is_err() {
        assert!(v.iter().all(|n| *n < 40));
    }
}

#[test]
fn smallvec_reserves() {
    let mut v: smallvec::SmallVec<[String; 2]> = smallvec::SmallVec::new();
    for _ in 0..10 {
        let before = v.len();
        if v.try_reserve(1).is_err() {
            assert_eq!(v.len(), before);
            continue;
        }
        v.push(String::new());
    }
    let _ = v.try_reserve_exact(100);
    let _ = v.try_grow(300);
    let kept = v.iter().all(|s| s.is_empty());
    assert!(kept);
}

#[test]
fn tinyvec_reserves() {
    let mut v: tinyvec::TinyVec<[u32; 4]> = tinyvec::TinyVec::new();
    for n in 0..4 {
        v.push(n);
    }
    for k in [1, 5, 40, 200] {
        let before = v.len();
        if v.try_reserve(k).is_err() {
            assert_eq!(v.len(), before);
            assert_eq!(v[..4], [0, 1, 2, 3]);
        }
        let _ = v.try_reserve_exact(k * 2);
        assert_eq!(v[..4], [0, 1, 2, 3]);
    }
    let mut v: tinyvec::TinyVec<[u32; 4]> = tinyvec::TinyVec::new();
    v.push(1);
    let _ = v.try_move_to_the_heap();
    assert_eq!(v[..], [1]);
    let mut v: tinyvec::TinyVec<[u32; 4]> = tinyvec::TinyVec::new();
    v.push(1);
    let _ = v.try_move_to_the_heap_and_reserve(9);
    assert_eq!(v[..], [1]);
}

#[test]
fn wasmtime_core_collections() -> Result<(), wasmtime_internal_core::error::OutOfMemory> {
    use wasmtime_internal_core::{
        alloc::*,
        error::{Error, OutOfMemory},
        slab::Slab,
    };
    let mut v = TryVec::new();
    for n in 0..40u32 {
        let before = v.len();
        if v.push(n).is_err() {
            assert_eq!(v.len(), before);
        }
    }
    v.reserve(3)?;
    if v.shrink_to_fit().is_err() {
        assert!(!v.is_empty());
    }
    v.resize(90, 3)?;
    let mut s = TryString::new();
    s.push_str("a long string of more than a few bytes")?;
    s.push('c')?;
    let _ = s.try_clone()?;
    if s.shrink_to_fit().is_err() {
        assert_eq!(s.len(), 39);
    }
    s.push_str("xx")?;
    let b = s.into_boxed_str()?;
    assert_eq!(b.len(), 41);
    let mut v2 = TryVec::with_capacity(10)?;
    v2.push(1u8)?;
    let b = v2.into_boxed_slice()?;
    let _ = b.try_clone()?;
    let mut slab = Slab::new();
    for n in 0..40u32 {
        let before = slab.len();
        if slab.alloc(n).is_err() {
            assert_eq!(slab.len(), before);
        }
    }
    let _ = new_boxed_slice_from_iter(0..9u32);
    let e = Error::msg("text");
    let e = e.context("more text");
    let e = e.context(String::new());
    assert!(e.is::<&str>() || e.is::<OutOfMemory>());
    let e = wasmtime_internal_core::error::format_err!("a {} b", 3);
    let _ = e.is::<OutOfMemory>();
    let _ = try_new::<Box<u64>>(7);
    let _ = try_new::<std::sync::Arc<u64>>(7);
    Ok(())
}

#[test]
fn cranelift_entity_maps() {
    use cranelift_entity::*;
    let mut m: SecondaryMap<entity::E, u32> = SecondaryMap::new();
    for n in 0..40 {
        let e = entity::E::from_u32(n);
        if m.try_insert(e, n + 1).is_ok() {
            assert_eq!(m[e], n + 1);
        }
    }
    let _ = m.try_resize(500);
    let _ = SecondaryMap::<entity::E, u64>::try_with_capacity(8);
    let mut p: PrimaryMap<entity::E, u32> = PrimaryMap::new();
    let _ = p.try_reserve(10);
    let _ = p.try_reserve_exact(100);
    let _ = PrimaryMap::<entity::E, u32>::try_with_capacity(3);
}

mod entity {
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct E(u32);
    cranelift_entity::entity_impl!(E);
}

#[test]
fn zerocopy_bytemuck() {
    use zerocopy::FromZeros;
    let mut v = vec![1u32, 2];
    if u32::extend_vec_zeroed(&mut v, 50).is_err() {
        assert_eq!(v, [1, 2]);
    }
    let n = v.len();
    if u32::insert_vec_zeroed(&mut v, 1, 500).is_err() {
        assert_eq!(v.len(), n);
    }
    let _ = u32::new_box_zeroed();
    let _ = <[u32]>::new_box_zeroed_with_elems(9);
    let _ = u32::new_vec_zeroed(9);
    let _ = bytemuck::allocation::try_zeroed_box::<u64>();
    let _ = bytemuck::allocation::try_zeroed_vec::<u64>(9);
    let _ = bytemuck::allocation::try_zeroed_slice_box::<u64>(9);
}
