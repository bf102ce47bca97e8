//! Tests that run at the same time, each with a sweep of its own over the same points, do not see each other.

use std::hint::black_box;

use firsthit::{Explorer, Sweep, Verdict, fail_point};

use crate::{Given, Refusal, step};

fn shared(rounds: u32) -> Given {
    let mut sum = 0;
    for round in 0..black_box(rounds) {
        sum += step(round)?;
        fail_point!("shared", [Err(Refusal::Busy), Ok(1_000_000)]);
    }
    Ok(sum)
}

macro_rules! tests {
    ($($name:ident $rounds:literal)*) => {$(
        #[test]
        fn $name() {
            for explorer in [Explorer::Worker, Explorer::Process, Explorer::Inline] {
                let report = Sweep::new().explorer(explorer).workers(2).run(|| shared($rounds));
                if crate::elsewhere() {
                    continue;
                }
                let expected = [Verdict::Recovered, Verdict::Recovered, Verdict::Swallowed];
                assert_eq!((report.verdicts(), report.trouble()), (&expected[..], None), "{report}");
            }
            assert_eq!(shared($rounds), Ok((0..$rounds).sum()));
        }
    )*};
}

tests! { one 1 two 20 three 300 four 4 five 50 six 600 }
