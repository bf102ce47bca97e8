//! What macros declare is in the registry, reached or not.
use firsthit::__private::{Excuse, FUNCTIONS, Kind};

#[expect(dead_code, reason = "what no test reaches is declared all the same")]
fn never_called<T>() -> Option<T> {
    firsthit::__function!(HERE, "never_called<T>", 2, [
        Site "a()" 0, 1, 2;
        Question "a()?" 1, 3, 4, <- 0, Untested "why";
    ]);
    let entered = HERE.enter(0);
    let value = HERE.tried(1, HERE.leave(entered, None::<T>))?;
    Some(value)
}

#[test]
fn unreached_generic_functions_are_registered() {
    let here = FUNCTIONS.iter().find(|function| function.name == "never_called<T>").unwrap();
    assert_eq!((here.krate(), here.module), ("annotation", "annotation"));
    assert!(here.file.ends_with("tests/annotation.rs"));
    let points: Vec<_> = here.points().map(|p| (p.kind, p.text, p.ordinal, p.line, p.column, p.site)).collect();
    assert_eq!(points, [(Kind::Site, "a()", 0, 1, 2, None), (Kind::Question, "a()?", 1, 3, 4, Some(0))]);
    assert_eq!(here.points().last().unwrap().excuse, Excuse::Untested("why"));
}
