//! The test that both sides sweep: some ten thousand allocations of some dozens of chains, with seeded ends.

use std::collections::TryReserveError;

fn row(cells: usize) -> Result<Vec<u64>, TryReserveError> {
    let mut row = Vec::new();
    row.try_reserve_exact(cells)?;
    row.extend((0..cells as u64).map(|cell| cell * cell));
    Ok(row)
}

/// Recovers from every failure.
fn sum(rows: usize) -> Result<u64, TryReserveError> {
    let mut sum = 0;
    for number in 0..rows {
        sum += row(4 + number % 7)?.iter().sum::<u64>();
    }
    Ok(sum)
}

/// Goes on with less.
fn cached(rows: usize) -> usize {
    (0..rows).filter(|number| row(8 + number % 3).is_ok()).count().max(1)
}

/// Aborts.
fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("name {number}")).collect()
}

/// Panics.
fn certain(rows: usize) -> u64 {
    (0..rows).map(|number| row(3 + number % 5).expect("there is memory").len() as u64).sum()
}

#[test]
fn ten_thousand_allocations() {
    assert!(sum(4000).is_ok());
    assert!(cached(3000) > 0);
    assert_eq!(names(1000).len(), 1000);
    assert!(certain(2000) > 0);
}
