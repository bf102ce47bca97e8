#[firsthit::test(
    explorer = "process",
    mode = "sticky",
    depth = 2,
    workers = 0b100,
    time_limit = "1500ms",
    chains_max = 1_000,
    deny(aborted, leaked),
    allow("grow", reason = "it is known"),
    allow("shrink", reason = "it is meant",),
    expect(|result| matches!(result, Err(text) if text.is_empty())),
    crate = ::firsthit,
)]
fn name() -> Result<(), String> {
    Ok(())
}

fn main() {}
