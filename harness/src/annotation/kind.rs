//! What a declared point of the source is, and the words for it.

/// A place that can fail, or code that runs because something failed.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// A call that can fail.
    Site,
    /// `fail_point!`, or a call of an `#[injectable]` function.
    FailPoint,
    /// `?`.
    Question,
    /// A `match` arm on `Err`, `None` or `Break`, or the arm that is left for them.
    MatchArm,
    /// The body of an `if let` on `Err`, `None` or `Break`.
    IfLet,
    /// The `else` of an `if let` on `Ok`, `Some` or `Continue`.
    IfLetElse,
    /// An `if let` on `Ok` or `Some` that has no `else`: the failure is passed over.
    NoElse,
    /// `let … else`.
    LetElse,
    /// `.map_err(..)`.
    MapErr,
    /// `.ok_or(..)`.
    OkOr,
    /// `.ok_or_else(..)`.
    OkOrElse,
    /// `.or_else(..)`.
    OrElse,
    /// `.unwrap_or(..)`.
    UnwrapOr,
    /// `.unwrap_or_else(..)`.
    UnwrapOrElse,
    /// `.unwrap_or_default()`.
    UnwrapOrDefault,
    /// `.ok()`.
    Ok,
    /// `.is_err()` that was true.
    IsErr,
    /// `.is_none()` that was true.
    IsNone,
    /// `.is_null()` that was true.
    IsNull,
    /// `let _ = ..`.
    LetUnderscore,
}

/// The names of the kinds, in the order of their numbers.
const NAMES: [&str; 20] = [
    "Site",
    "FailPoint",
    "Question",
    "MatchArm",
    "IfLet",
    "IfLetElse",
    "NoElse",
    "LetElse",
    "MapErr",
    "OkOr",
    "OkOrElse",
    "OrElse",
    "UnwrapOr",
    "UnwrapOrElse",
    "UnwrapOrDefault",
    "Ok",
    "IsErr",
    "IsNone",
    "IsNull",
    "LetUnderscore",
];

impl Kind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Kind; 20] = [
        Kind::Site,
        Kind::FailPoint,
        Kind::Question,
        Kind::MatchArm,
        Kind::IfLet,
        Kind::IfLetElse,
        Kind::NoElse,
        Kind::LetElse,
        Kind::MapErr,
        Kind::OkOr,
        Kind::OkOrElse,
        Kind::OrElse,
        Kind::UnwrapOr,
        Kind::UnwrapOrElse,
        Kind::UnwrapOrDefault,
        Kind::Ok,
        Kind::IsErr,
        Kind::IsNone,
        Kind::IsNull,
        Kind::LetUnderscore,
    ];

    /// The kind of this name, as the enum has it.
    pub fn from_name(name: &str) -> Option<Kind> {
        NAMES.iter().position(|known| *known == name).map(|number| Kind::ALL[number])
    }

    /// As it is written in the source.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Site => "call",
            Kind::FailPoint => "fail point",
            Kind::Question => "?",
            Kind::MatchArm => "match arm",
            Kind::IfLet => "if let",
            Kind::IfLetElse => "if let … else",
            Kind::NoElse => "if let without else",
            Kind::LetElse => "let … else",
            Kind::MapErr => ".map_err()",
            Kind::OkOr => ".ok_or()",
            Kind::OkOrElse => ".ok_or_else()",
            Kind::OrElse => ".or_else()",
            Kind::UnwrapOr => ".unwrap_or()",
            Kind::UnwrapOrElse => ".unwrap_or_else()",
            Kind::UnwrapOrDefault => ".unwrap_or_default()",
            Kind::Ok => ".ok()",
            Kind::IsErr => ".is_err()",
            Kind::IsNone => ".is_none()",
            Kind::IsNull => ".is_null()",
            Kind::LetUnderscore => "let _",
        }
    }

    /// Whether it is a place that fails, and not code that deals with a failure.
    pub const fn is_site(self) -> bool {
        matches!(self, Kind::Site | Kind::FailPoint)
    }

    /// Whether the failure's own value ends here: behind it nobody can tell what failed.
    pub const fn drops(self) -> bool {
        matches!(
            self,
            Kind::NoElse | Kind::UnwrapOr | Kind::UnwrapOrElse | Kind::UnwrapOrDefault | Kind::Ok | Kind::LetUnderscore
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_number_and_a_word_of_its_own() {
        for (number, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
            assert_eq!(Kind::from_name(&format!("{kind:?}")), Some(kind));
            let same = Kind::ALL.into_iter().filter(|other| other.as_str() == kind.as_str());
            assert_eq!(same.count(), 1, "{kind:?}");
        }
    }
}
