//! Has the allocator built with the steps between its threads in the scheduler's hands.

fn main() {
    println!("cargo::rustc-cfg=alloc_core_shuttle");
}
