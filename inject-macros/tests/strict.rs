//! Annotated code under the strictest lints: what is added breaks none of them.
#![forbid(unsafe_code, missing_docs, unused, unused_qualifications, unreachable_pub, rust_2018_idioms)]
#![deny(warnings, clippy::all, clippy::pedantic)]

/// A module.
#[firsthit::instrument]
pub mod code {
    /// Sums the numbers in a text.
    ///
    /// # Errors
    /// What is no number.
    pub fn sum(text: &str) -> Result<u32, String> {
        let mut numbers: Vec<u32> = Vec::new();
        numbers.try_reserve(text.len()).map_err(|error| error.to_string())?;
        for word in text.split(' ') {
            let number = match word.parse() {
                Ok(number) => number,
                Err(error) => return Err(format!("{error}")),
            };
            numbers.push(number);
        }
        if numbers.try_reserve(1).is_err() {
            return Err(String::new());
        }
        let Ok(first) = "1".parse::<u32>() else { return Ok(0) };
        Ok(numbers.iter().sum::<u32>() + first + "2".parse().unwrap_or(0))
    }
}

#[test]
fn strict_code_stays_strict() {
    assert_eq!(code::sum("1 2"), Ok(6));
    assert!(code::sum("x").is_err());
}
