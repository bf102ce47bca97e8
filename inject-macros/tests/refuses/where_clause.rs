#[firsthit::test]
fn name()
where
    u8: Copy,
{
}

fn main() {}
