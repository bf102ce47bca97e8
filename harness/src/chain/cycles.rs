//! Recursion collapsed: a block of calls that repeats behind itself counts once.

/// The longest period that is looked for: mutual recursion of up to this many functions.
const PERIOD_MAX: usize = 8;

/// Removes repeated neighbouring blocks of `addresses` in place and returns how many addresses are left.
///
/// `a b b b c` becomes `a b c`, and `x y x y z` becomes `x y z`, so a chain's identity
/// does not depend on how deep a recursion went.
///
/// # Example
/// `[1, 2, 3, 2, 3, 2, 3, 4]` is left as `[1, 2, 3, 4]`.
pub(crate) fn collapse(addresses: &mut [usize]) -> usize {
    let mut kept = 0;
    for next in 0..addresses.len() {
        addresses[kept] = addresses[next];
        kept += 1;
        // Shortest period first, and again after each removal: an inner cycle may complete an outer one.
        while let Some(period) = repeated(&addresses[..kept]) {
            kept -= period;
        }
    }
    kept
}

/// The shortest period of which the last two blocks are equal.
fn repeated(addresses: &[usize]) -> Option<usize> {
    let end = addresses.len();
    (1..=PERIOD_MAX.min(end / 2)).find(|period| addresses[end - period..] == addresses[end - 2 * period..end - period])
}

#[cfg(test)]
mod tests {
    fn collapsed(addresses: &[usize]) -> Vec<usize> {
        let mut addresses = addresses.to_vec();
        let kept = super::collapse(&mut addresses);
        addresses.truncate(kept);
        addresses
    }

    #[test]
    fn straight_chains_stay_as_they_are() {
        assert!(collapsed(&[]).is_empty());
        assert_eq!(collapsed(&[1, 2, 1, 3]), [1, 2, 1, 3]);
    }

    #[test]
    fn recursion_of_any_depth_leaves_one_round() {
        for depth in 1..60 {
            let mut chain = vec![9];
            chain.extend(std::iter::repeat_n([1, 2, 3], depth).flatten());
            chain.push(8);
            assert_eq!(collapsed(&chain), [9, 1, 2, 3, 8]);
        }
    }

    #[test]
    fn cycles_inside_cycles_collapse_too() {
        assert_eq!(collapsed(&[1, 2, 2, 2, 3, 1, 2, 2, 3, 4]), [1, 2, 3, 4]);
    }

    #[test]
    fn the_longest_period_is_eight() {
        let eight: Vec<usize> = (0..8).chain(0..8).collect();
        assert_eq!(collapsed(&eight).len(), 8);
        let nine: Vec<usize> = (0..9).chain(0..9).collect();
        assert_eq!(collapsed(&nine).len(), 18);
    }
}
