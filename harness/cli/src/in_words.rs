//! Counts and moments in words, as people read them.

use crate::expectations::date::Date;

/// The noun that goes with the count.
pub(crate) fn noun<'a>(count: usize, one: &'a str, more: &'a str) -> &'a str {
    if count == 1 { one } else { more }
}

/// `1 chain`, `3 chains`.
pub(crate) fn several(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", noun(count, one, more))
}

/// A number in groups of three digits: `12,345`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A moment, in microseconds since 1970, to the minute.
pub(crate) fn moment(at: u64) -> String {
    let minutes = at / 60_000_000 % 1440;
    format!("{} {:02}:{:02} UTC", Date::at(at), minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_moments_are_read_by_people() {
        assert_eq!(
            (several(1, "line", "lines"), several(0, "line", "lines")),
            ("1 line".to_owned(), "0 lines".to_owned())
        );
        assert_eq!([0, 999, 1_000, 12_345, 1_234_567].map(grouped), ["0", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(moment(86_400_000_000 + 61 * 60_000_000), "1970-01-02 01:01 UTC");
    }
}
