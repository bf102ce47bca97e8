//! Arenas, shared pointers and buffers that promise an error: what was made before it stays.

use std::alloc::Layout;

#[test]
fn bumpalo_all() {
    let Ok(b) = bumpalo::Bump::try_new() else { return };
    let mut kept = Vec::with_capacity(100);
    for n in 0..60u64 {
        if let Ok(x) = b.try_alloc([n; 40]) {
            kept.push((n, x));
        }
    }
    for (n, x) in &kept {
        assert!(x.iter().all(|m| m == n));
    }
    let _ = b.try_alloc_str("abc");
    let _ = b.try_alloc_slice_copy(&[1u8; 9000]);
    let _ = b.try_alloc_slice_fill_default::<u64>(9000);
    let _ = b.try_alloc_with(|| [0u8; 30_000]);
    let _ = b.try_alloc_slice_fill_iter((0..90_000u32).collect::<Vec<_>>());
    let _ = b.try_alloc_try_with(|| Err::<[u8; 100_000], u8>(3));
    let _ = b.try_alloc_layout(Layout::new::<[u64; 50_000]>());
    let mut v = bumpalo::collections::Vec::new_in(&b);
    for n in 0..300u32 {
        if v.try_reserve(100).is_ok() {
            v.push(n);
        }
    }
    let _ = v.try_reserve_exact(500_000);
    let _ = bumpalo::Bump::try_with_capacity(500);
}

#[test]
fn bump_scope_all() -> Result<(), bump_scope::alloc::AllocError> {
    use bump_scope::{Bump, BumpString, BumpVec, MutBumpVec};
    let bump: Bump = Bump::try_with_size(512)?;
    for n in 0..40u64 {
        if let Ok(x) = bump.try_alloc([n; 40]) {
            assert_eq!(x[3], n);
        }
    }
    let _ = bump.try_alloc_str("abc")?;
    let _ = bump.try_alloc_slice_copy(&[1u8; 9000])?;
    let _ = bump.try_alloc_iter((0..100u32).filter(|n| n % 2 == 0))?;
    let _ = bump.try_alloc_fmt(format_args!("{} and {:>5000}", 1, 2))?;
    let _ = bump.try_alloc_cstr_fmt(format_args!("{} and {:>9000}", 1, 2))?;
    let mut v = BumpVec::new_in(&bump);
    for n in 0..300u32 {
        let before = v.len();
        if v.try_push(n).is_err() {
            assert_eq!(v.len(), before);
        }
    }
    v.try_extend_from_slice_copy(&[7; 3000])?;
    v.try_insert(3, 8)?;
    v.try_resize(9000, 1)?;
    v.try_reserve_exact(20_000)?;
    let v: BumpVec<u64, _> = v.try_map(|n| n as u64)?;
    assert!(v.len() >= 9000);
    let mut s = BumpString::new_in(&bump);
    for _ in 0..400 {
        let before = s.len();
        if s.try_push_str("abcdefgh").is_err() {
            assert_eq!(s.len(), before);
        }
    }
    s.try_insert_str(4, "xx")?;
    s.try_replace_range(2..9, "a longer text than was there")?;
    s.try_extend_from_within(..50)?;
    s.try_reserve(90_000)?;
    let _ = s.try_into_cstr()?;
    let _ = BumpString::try_from_utf16_lossy_in(&[0xd800, 0x61], &bump)?;
    let _ = BumpString::try_from_utf8_lossy_in(b"a\xffb", &bump)?;
    let mut two: Bump = Bump::try_new()?;
    let mut m = MutBumpVec::new_in(&mut two);
    for n in 0..90_000u32 {
        if m.try_push(n).is_err() {
            break;
        }
    }
    Ok(())
}

#[test]
fn blink_all() {
    let b = blink_alloc::Blink::new();
    let mut sum = 0;
    for n in 0..60u64 {
        match b.emplace::<[u64; 40]>().try_value([n; 40]) {
            Ok(x) => assert_eq!(x[3], n),
            Err(back) => sum += back[0],
        }
    }
    let _ = b.emplace::<String>().try_value(String::new());
    match b.emplace::<u64>().try_from_iter((0..3000).filter(|n| n % 3 != 1)) {
        Ok(s) => assert_eq!(s.len(), 2000),
        Err((s, next)) => {
            for (i, x) in s.iter().enumerate() {
                assert_eq!(*x, (i / 2 * 3 + i % 2 * 2) as u64);
            }
            if let Some(n) = next {
                let i = s.len();
                assert_eq!(n, (i / 2 * 3 + i % 2 * 2) as u64);
            }
        }
    }
    let words: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    match b.emplace::<String>().try_from_iter(words.into_iter().filter(|w| w.len() > 1)) {
        Ok(s) => assert_eq!(s.len(), 190),
        Err((s, _)) => {
            for (i, x) in s.iter().enumerate() {
                assert_eq!(x.parse::<usize>().unwrap(), i + 10);
            }
        }
    }
    let _ = b.try_uninit::<[u8; 9000]>();
    let _ = b.try_copy_slice(&[3u8; 20_000]);
    let _ = b.try_copy_str("abc");
    assert!(sum < 60 * 60);
}

#[test]
fn triomphe_all() {
    use triomphe::{Arc, ThinArc, UniqueArc};
    let _ = Arc::try_new(5u64);
    let _ = UniqueArc::try_new(5u64);
    let _ = UniqueArc::<u64>::try_new_uninit();
    let _ = Arc::<triomphe::HeaderSlice<u8, [String]>>::try_from_header_and_vec(
        3,
        vec![String::from("a"), String::from("b")],
    );
    let _ = Arc::<triomphe::HeaderSlice<String, [String]>>::try_from_header_and_iter(
        String::from("x"),
        vec![String::from("a"), String::from("b")].into_iter(),
    );
    let _ = Arc::<triomphe::HeaderSlice<u8, str>>::try_from_header_and_str(3, "abc");
    let _ = ThinArc::<String, u8>::try_from_header_and_slice(String::from("h"), &[1, 2]);
    let _ = ThinArc::<u8, String>::try_from_header_and_iter(3, vec![String::from("a")].into_iter());
}

#[test]
fn arrow_all() {
    use arrow_buffer::{MutableBuffer, MutableBufferError as E};
    let f = || -> Result<(), E> {
        let mut b = MutableBuffer::try_with_capacity(10)?;
        b.try_extend_from_slice(&[1u8, 2, 3])?;
        for k in [100, 1000, 10_000] {
            if b.try_reserve(k).is_err() {
                assert_eq!(b.as_slice(), [1, 2, 3]);
            }
        }
        if b.try_shrink_to_fit().is_err() {
            assert_eq!(b.as_slice(), [1, 2, 3]);
        }
        b.try_resize(500, 7)?;
        b.try_extend_zeros(500)?;
        b.try_repeat_slice_n_times(&[1u32, 2], 900)?;
        let _ = MutableBuffer::try_from_len_zeroed(90)?;
        let c = MutableBuffer::try_collect_bool(900, |n| n % 3 == 0)?;
        assert!(c.len() >= 112);
        Ok(())
    };
    let _ = f();
}

#[test]
fn dyn_stack_all() {
    use dyn_stack::{MemBuffer, MemStack, StackReq};
    let Ok(mut m) = MemBuffer::try_new(StackReq::new::<u64>(50)) else { return };
    let (a, _) = MemStack::new(&mut m).make_with::<u64>(40, |n| n as u64);
    assert_eq!(a[39], 39);
}
