//! A day of the calendar, as expectations expire on.

use std::fmt;

use toml::value::Datetime;

/// In UTC, for expectations hold on machines everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day that a moment lies in, given in microseconds since 1970.
    pub(crate) fn at(micros: u64) -> Date {
        // Of a day's number to year, month and day: years begin with March, so that the leap day is a year's last.
        let days = micros / 86_400_000_000 + 719_468;
        let era = days / 146_097;
        let day_of_era = days % 146_097;
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        Date {
            year: u16::try_from(year).unwrap_or(u16::MAX),
            month: u8::try_from(month).unwrap_or(u8::MAX),
            day: u8::try_from(day).unwrap_or(u8::MAX),
        }
    }

    /// A day as TOML has it; nothing where it has a time, too, or no day.
    pub(super) fn of_toml(datetime: &Datetime) -> Option<Date> {
        let Datetime { date: Some(date), time: None, offset: None } = datetime else { return None };
        Some(Date { year: date.year, month: date.month, day: date.day })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_lies_in_its_day() {
        let day = |seconds: u64| Date::at(seconds * 1_000_000).to_string();
        assert_eq!(day(0), "1970-01-01");
        assert_eq!((day(951_782_399), day(951_782_400)), ("2000-02-28".to_owned(), "2000-02-29".to_owned()));
        assert_eq!((day(951_868_799), day(951_868_800)), ("2000-02-29".to_owned(), "2000-03-01".to_owned()));
        assert_eq!((day(1_798_761_599), day(1_798_761_600)), ("2026-12-31".to_owned(), "2027-01-01".to_owned()));
        assert_eq!(day(4_107_542_400), "2100-03-01");
        assert!(Date::at(0) < Date::at(86_400_000_000) && Date::at(u64::MAX) > Date::at(0));
    }
}
