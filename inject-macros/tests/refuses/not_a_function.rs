#[firsthit::test]
pub struct Stack;

#[firsthit::test]
mod tests {}

#[firsthit::test]
const LIMIT: usize = 1;

fn main() {}
