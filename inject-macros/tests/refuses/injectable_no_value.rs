#[firsthit::injectable(Err(()))]
fn nothing() {}

#[firsthit::injectable(None)]
async fn nothing_later() {}

#[firsthit::injectable(None)]
fn never() -> ! {
    loop {}
}

#[firsthit::injectable(None)]
const fn constant() -> Option<u8> {
    None
}

fn main() {}
