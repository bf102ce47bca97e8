//! Strings and paths that promise an error: after it they are as they were.

use lean_string::{LeanString, ReserveError, ToLeanString};
const LONG: &str = "a text that is longer than what is kept inline";

#[test]
fn arcstr_all() {
    use arcstr::ArcStr;
    if let Some(s) = ArcStr::try_alloc(LONG) {
        assert_eq!(s, LONG);
    }
    let _ = ArcStr::try_repeat("ab", 40);
    let _ = unsafe {
        ArcStr::try_init_with_unchecked(8, |b| {
            for x in b {
                x.write(b'a');
            }
        })
    };
    if let Some(s) = ArcStr::try_alloc("éçà"[..].trim()) {
        let _ = s.try_substr_using(|s| &s[2..]);
    }
}

struct D(u32);

impl std::fmt::Display for D {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{LONG} and {}", self.0)
    }
}

#[test]
fn lean_string_display() {
    if let Ok(text) = D(3).try_to_lean_string() {
        assert_eq!(text.len(), LONG.len() + 6);
    }
    let _ = LONG.try_to_lean_string();
    let _ = 123456789012345678901234567890u128.try_to_lean_string();
}

#[test]
fn lean_string_changes() -> Result<(), ReserveError> {
    let mut s = LeanString::try_with_capacity(100)?;
    let keep = |s: &LeanString, r: Result<(), ReserveError>, before: &str| {
        if r.is_err() {
            assert_eq!(s.as_str(), before);
        }
    };
    s.try_push_str(LONG)?;
    let shared = s.clone();
    let before = s.as_str().to_owned();
    let r = s.try_push('x');
    keep(&s, r, &before);
    assert_eq!(shared, LONG);
    let mut s = shared.clone();
    let r = s.try_insert_str(3, LONG);
    keep(&s, r, LONG);
    let mut s = shared.clone();
    let r = s.try_retain(|c| c != 'a');
    keep(&s, r, LONG);
    let mut s = shared.clone();
    let r = s.try_replace_range(2..5, LONG);
    keep(&s, r, LONG);
    let mut s = shared.clone();
    let r = s.try_truncate(30);
    keep(&s, r, LONG);
    let mut s = shared.clone();
    let r = s.try_pop().map(|_| ());
    keep(&s, r, LONG);
    let mut s = shared.clone();
    let r = s.try_remove(3).map(|_| ());
    keep(&s, r, LONG);
    let mut s = shared.clone();
    let r = s.try_split_off(20).map(|_| ());
    keep(&s, r, LONG);
    let mut s = shared.clone();
    let r = s.try_make_ascii_uppercase();
    keep(&s, r, LONG);
    let mut s = shared.clone();
    let r = s.try_extend_from_within(2..30);
    keep(&s, r, LONG);
    let mut s = shared.clone();
    let r = s.try_reserve(500);
    keep(&s, r, LONG);
    let mut s = LeanString::try_with_capacity(500)?;
    s.try_push_str(LONG)?;
    let r = s.try_shrink_to_fit();
    keep(&s, r, LONG);
    let r = s.try_reserve_exact(900);
    keep(&s, r, LONG);
    let _ = s.try_repeat(9)?;
    let _ = s.try_to_ascii_lowercase()?;
    let l = s.try_into_lean_str()?;
    assert_eq!(l.as_str(), LONG);
    let _ = l.try_repeat(3)?;
    let back = l.try_into_lean_string()?;
    assert_eq!(back.as_str(), LONG);
    Ok(())
}

#[test]
fn compact_str_all() {
    use compact_str::{CompactString, ToCompactString};
    let mut s = CompactString::const_new(LONG);
    if s.try_reserve(100).is_err() {
        assert_eq!(s, LONG);
    }
    if s.try_reserve(1000).is_err() {
        assert_eq!(s, LONG);
    }
    let _ = CompactString::try_new(LONG);
    let _ = CompactString::try_with_capacity(300);
    let _ = LONG.try_to_compact_string();
    let _ = u128::MAX.try_to_compact_string();
    let _ = LONG.to_owned().try_to_compact_string();
}

#[test]
fn paths() {
    let mut p = camino::Utf8PathBuf::from("/a");
    if p.try_reserve(100).is_ok() {
        p.push(LONG);
    }
    let _ = p.try_reserve_exact(1000);
    let mut p = typed_path::UnixPathBuf::from("/a");
    if p.try_reserve(100).is_ok() {
        p.push(LONG);
    }
    let _ = p.try_reserve_exact(1000);
}

struct T;

impl strftime::Time for T {
    fn year(&self) -> i32 {
        2024
    }
    fn month(&self) -> u8 {
        5
    }
    fn day(&self) -> u8 {
        4
    }
    fn hour(&self) -> u8 {
        3
    }
    fn minute(&self) -> u8 {
        2
    }
    fn second(&self) -> u8 {
        1
    }
    fn nanoseconds(&self) -> u32 {
        9
    }
    fn day_of_week(&self) -> u8 {
        3
    }
    fn day_of_year(&self) -> u16 {
        100
    }
    fn to_int(&self) -> i64 {
        1
    }
    fn is_utc(&self) -> bool {
        true
    }
    fn utc_offset(&self) -> i32 {
        0
    }
    fn time_zone(&self) -> &str {
        "UTC"
    }
}

#[test]
fn strftime_all() {
    const F: &[u8] = b"%Y-%m-%d %H:%M:%S.%N %A %B %j %Z %z %c %x %X %D %F %50Y %-d %^a %s";
    match strftime::bytes::strftime(&T, F) {
        Ok(v) => assert!(v.len() > 80),
        Err(strftime::Error::OutOfMemory(_)) => {}
        Err(e) => panic!("{e}"),
    }
    match strftime::string::strftime(&T, std::str::from_utf8(F).unwrap()) {
        Ok(_) | Err(strftime::Error::OutOfMemory(_)) => {}
        Err(e) => panic!("{e}"),
    }
}
