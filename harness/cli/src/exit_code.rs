//! How the command ends: the documented exit codes, and which wins when several are true.

use std::process;

/// One exit code for each kind of end. The numbers are stable.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum ExitCode {
    /// Everything that was asked for was done, and nothing was found.
    Clean = 0,
    /// The command line, the configuration or the build is wrong: nothing was swept.
    Usage = 1,
    /// Failures that ended badly.
    Findings = 2,
    /// Among them tests that never ended behind a failure.
    Hung = 3,
    /// Tests that fail without any injected failure.
    BaselineFails = 4,
    /// No failure could be delivered at all.
    NothingInjected = 5,
    /// Less of the recovery paths was tested than was asked for.
    CoverageUnderBar = 6,
    /// A bug of ours.
    Internal = 70,
    /// Ctrl-C stopped it on the way.
    Stopped = 130,
}

impl ExitCode {
    /// All, in the order of their numbers.
    pub(crate) const ALL: [ExitCode; 9] = [
        ExitCode::Clean,
        ExitCode::Usage,
        ExitCode::Findings,
        ExitCode::Hung,
        ExitCode::BaselineFails,
        ExitCode::NothingInjected,
        ExitCode::CoverageUnderBar,
        ExitCode::Internal,
        ExitCode::Stopped,
    ];

    /// The number.
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }

    /// What it says, in one sentence.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            ExitCode::Clean => "everything was done and nothing was found",
            ExitCode::Usage => "the command line, the configuration or the build is wrong; nothing was swept",
            ExitCode::Findings => "findings: failures that ended badly",
            ExitCode::Hung => "findings, and among them tests that never ended behind a failure",
            ExitCode::BaselineFails => "tests fail without any injected failure, so they were not swept",
            ExitCode::NothingInjected => "no failure was delivered at all: nothing was tested",
            ExitCode::CoverageUnderBar => "less of the recovery paths was tested than --fail-under asks for",
            ExitCode::Internal => "a bug of firsthit itself; please report it",
            ExitCode::Stopped => "stopped by Ctrl-C on the way: what was done is kept, and --resume goes on",
        }
    }

    /// Of several that are true, the one that the process ends with.
    ///
    /// The rule: what makes the rest doubtful or incomplete goes first. So 70, 1, 130, 4, 5, 3, 2, 6, 0.
    pub(crate) fn and(self, other: ExitCode) -> ExitCode {
        if other.rank() > self.rank() { other } else { self }
    }

    const fn rank(self) -> u8 {
        match self {
            ExitCode::Clean => 0,
            ExitCode::CoverageUnderBar => 1,
            ExitCode::Findings => 2,
            ExitCode::Hung => 3,
            ExitCode::NothingInjected => 4,
            ExitCode::BaselineFails => 5,
            ExitCode::Stopped => 6,
            ExitCode::Usage => 7,
            ExitCode::Internal => 8,
        }
    }
}

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> process::ExitCode {
        process::ExitCode::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::ExitCode;

    #[test]
    fn the_numbers_are_the_documented_ones() {
        assert_eq!(ExitCode::ALL.map(ExitCode::number), [0, 1, 2, 3, 4, 5, 6, 70, 130]);
    }

    #[test]
    fn what_makes_the_rest_doubtful_wins_whoever_comes_first() {
        let order = [70, 1, 130, 4, 5, 3, 2, 6, 0];
        let place = |code: ExitCode| order.iter().position(|number| *number == code.number());
        for one in ExitCode::ALL {
            for other in ExitCode::ALL {
                assert_eq!(place(one.and(other)), place(one).min(place(other)), "{one:?} and {other:?}");
            }
        }
    }
}
