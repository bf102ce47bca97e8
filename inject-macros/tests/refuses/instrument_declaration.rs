trait Name {
    #[firsthit::instrument]
    fn name(&self) -> Option<u32>;
}

fn main() {}
