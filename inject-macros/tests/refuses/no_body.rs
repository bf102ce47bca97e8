trait Sweeps {
    #[firsthit::test]
    fn name();
}

fn main() {}
