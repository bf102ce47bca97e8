//! git2 0.21.0: texts that could not be compared for want of memory are said to be alike.
#[test]
fn a_patch_is_an_error_without_memory() {
    let patch = git2::Patch::from_buffers(b"a\nb\n", None, b"a\nB\n", None, None).unwrap();
    assert_eq!(patch.num_hunks(), 1);
}
