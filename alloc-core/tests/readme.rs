//! README.md shows what is printed: the table of promises is made here.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use alloc_core::{Context, Gfp, Order, Policy};

fn table() -> String {
    let requests = [
        ("ATOMIC", Gfp::ATOMIC),
        ("NOWAIT", Gfp::NOWAIT),
        ("KERNEL", Gfp::KERNEL),
        ("NOFS", Gfp::NOFS),
        ("KERNEL \\| NORETRY", Gfp::KERNEL | Gfp::NORETRY),
        ("KERNEL \\| RETRY_MAYFAIL", Gfp::KERNEL | Gfp::RETRY_MAYFAIL),
        ("KERNEL \\| NOFAIL", Gfp::KERNEL | Gfp::NOFAIL),
    ];
    let mut text = String::from("| flags | one page | orders 1 to 3 | orders 4 to 10 |\n|---|---|---|---|\n");
    for (name, flags) in requests {
        let promise = |order| Policy::kernel().explain(flags, Order::new(order), Context::default());
        assert!(
            (1..=3).all(|order| promise(order) == promise(1)) && (4..=10).all(|order| promise(order) == promise(4))
        );
        writeln!(text, "| {name} | {} | {} | {} |", promise(0), promise(1), promise(4)).unwrap();
    }
    text
}

#[test]
fn the_readme_shows_the_promises_that_explain_prints() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let shown = readme.split_once("<!-- explain -->\n").unwrap().1.split_once("<!-- explain ends -->").unwrap().0;
    assert_eq!(shown.trim(), table().trim(), "it must be:\n{}", table());
}
