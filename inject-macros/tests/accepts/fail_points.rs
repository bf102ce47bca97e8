//! Fail points stand wherever a `return` does.
#![deny(warnings)]
#![forbid(unsafe_code)]

use firsthit::fail_point;

fn one() -> Result<u8, String> {
    fail_point!("one", Err("no".to_owned()));
    Ok(1)
}

fn several<T: Default>() -> Option<T> {
    fail_point!("several", [None, Some(T::default()),],);
    fail_point! { "in braces", None }
    let shadowed = 3;
    let __firsthit = shadowed;
    if __firsthit > 2 {
        firsthit::fail_point!("qualified", None,);
    }
    Some(T::default())
}

fn nothing() {
    fail_point!("nothing", ());
}

fn array() -> [u8; 2] {
    fail_point!("array", ([1, 2]));
    fail_point!("repeated", [0; 2]);
    [3, 4]
}

fn long() -> Result<(), Box<dyn std::error::Error>> {
    fail_point!("a block", {
        let text = format!("{}", 1 + 1);
        Err(text.into())
    });
    fail_point!("a question mark", Err(std::fmt::Error)?);
    let closure = |number: u8| -> Option<u8> {
        fail_point!("in a closure", None);
        number.checked_add(1)
    };
    closure(1);
    for _ in 0..2 {
        #[cfg(any())]
        fail_point!("not compiled", no_such_thing);
    }
    Ok(())
}

async fn later() -> Result<u8, ()> {
    fail_point!("later", Err(()));
    std::future::ready(Ok(1)).await
}

fn main() {
    assert_eq!((one(), several::<u8>(), array()), (Ok(1), Some(0), [3, 4]));
    nothing();
    long().unwrap();
    drop(later());
}
