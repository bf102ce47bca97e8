//! Results told, of a run that has just ended, an earlier one or merged ones: findings, summary, exit code.

use crate::contents::gather::Contents;
use crate::exit_code::ExitCode;
use crate::options::output::{MessageFormat, OutputOptions};
use crate::print;
use crate::results::outcome::Outcome;
use crate::telling::findings::findings;
use crate::telling::look::Look;
use crate::trouble::Trouble;

/// Tells what was found, and gives the code that the process ends with if there are no gates.
///
/// Of the form for programs nothing but the summary is told, to standard error: a [`line`] of each outcome is told before.
///
/// # Errors
/// If standard output cannot be written.
pub(crate) fn tell(contents: &Contents, format: MessageFormat, output: &OutputOptions) -> Result<ExitCode, Trouble> {
    let all = output.verbose > 0;
    if format == MessageFormat::Human {
        let look = Look::of_stdout(output.color);
        print::to_stdout(&format!("{}{}\n", findings(contents, look), contents.summary.told(look, all)))?;
    } else if !output.quiet {
        print::to_stderr(&contents.summary.told(Look::PLAIN, all));
    }
    contents.out_of_date.iter().for_each(|line| print::to_stderr(line));
    Ok(code(contents))
}

/// The code of a result without gates.
pub(crate) fn code(contents: &Contents) -> ExitCode {
    let code = contents.summary.class.exit_code();
    if contents.out_of_date.is_empty() { code } else { code.and(ExitCode::Findings) }
}

/// An outcome for programs: a JSON object, and the end of the line.
pub(crate) fn line(outcome: &Outcome) -> String {
    serde_json::to_string(outcome).map_or_else(|_| String::new(), |line| line + "\n")
}
