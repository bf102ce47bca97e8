#[firsthit::injectable(None)]
struct Log;

#[firsthit::injectable(None)]
impl Log {}

trait Store {
    #[firsthit::injectable(None)]
    fn load(&self) -> Option<u8>;
}

fn main() {}
