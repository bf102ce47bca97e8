struct Stack;

impl Stack {
    #[firsthit::test]
    fn name(&self) {}
}

fn main() {}
