//! Has the allocator built with its own recovery paths annotated.

fn main() {
    println!("cargo::rustc-cfg=alloc_core_swept");
}
