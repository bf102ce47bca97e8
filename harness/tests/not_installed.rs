//! A program without this crate's allocator: a sweep says that nothing was injected, and what to write where.

use firsthit::{Explorer, Sweep, Trouble};

#[test]
fn every_explorer_says_that_the_allocator_is_not_installed() {
    for explorer in [Explorer::Worker, Explorer::Process, Explorer::Inline] {
        let report = Sweep::new().explorer(explorer).run(|| vec![1_u8; std::hint::black_box(3)].len());
        if std::env::var_os("FIRSTHIT_ROLE").is_some() {
            continue;
        }
        assert_eq!(report.trouble(), Some(&Trouble::NotInstalled), "{explorer}: {report}");
        assert!(report.to_string().contains("static ALLOC: firsthit::Alloc = firsthit::Alloc::system();"), "{report}");
        assert!(!report.is_clean());
    }
}
