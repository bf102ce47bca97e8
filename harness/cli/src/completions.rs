//! `completions`: a shell's script that completes the command line.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::options::command::Options;

/// The script for `cargo-firsthit`.
pub(crate) fn script(shell: Shell) -> String {
    let mut command = Options::command();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "cargo-firsthit", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_shell_completes_the_commands() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            assert!(script.contains("replay") && script.contains("keep-ledger"), "{shell}");
        }
    }
}
