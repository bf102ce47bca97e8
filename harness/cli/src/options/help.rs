//! What `--help` teaches beyond the options: what is done, examples, exit codes, environment.

pub(super) const ABOUT: &str = "\
Fails every allocation that a test reaches, once per call chain, and judges what came of it.

The tests are those that the project has, unedited. Each is run in a process of its own: first without a failure, until \
every call chain that leads to an allocation is known, then once for each chain with that allocation failing. What came \
of it gets one verdict: recovered, aborted, leaked, and so on.";

pub(super) const SEE_LONG: &str = "More, with examples and exit codes: cargo firsthit --help";

pub(super) const AFTER: &str = "\
Examples:
  cargo firsthit test                     sweep all tests of the package in this folder
  cargo firsthit test --workspace parse   sweep the tests with `parse` in their name, of all packages
  cargo firsthit test --new               fail only what no earlier sweep has failed
  cargo firsthit run -- ./server --once   sweep a program that is no test
  cargo firsthit replay 3f2a90c1b7de      fail one call chain again, and show all that is seen
  cargo firsthit verify                   check a sweep by failing every single request, one a run
  cargo firsthit report                   what the last sweep found, once more
  cargo firsthit explain aborted          what a verdict means, and what to do next

Exit codes (if several are true, the first of 70, 1, 130, 4, 5, 3, 2, 6, 0):
  0   clean: everything was done and nothing was found
  1   usage: the command line, the configuration or the build is wrong; nothing was swept
  2   findings
  3   hung: findings, and among them tests that never ended
  4   tests fail without any injected failure, and were not swept
  5   nothing was injected
  6   recovery coverage is under --fail-under
  70  a bug of firsthit itself
  130 stopped by Ctrl-C: what was done is kept, and --resume goes on

Environment:
  CARGO                   the Cargo that builds; Cargo sets it for its subcommands
  CARGO_TARGET_DIR        as for Cargo; firsthit's own folder is `firsthit` in there
  CARGO_TERM_COLOR        as --color
  NO_COLOR                no colours where --color is auto
  FIRSTHIT_COVERAGE_DIR   where annotated code leaves what it counts; by default target/firsthit/coverage
  RUSTFLAGS, CFLAGS, …    kept: firsthit adds frame pointers and line tables to what is set

Files:
  .config/firsthit.toml   what would be said on every command line: cargo firsthit init
  target/firsthit/        the build, the ledger, the last run, reports: cargo firsthit clean";

pub(super) const TEST: &str = "\
Examples:
  cargo firsthit test --lib --features std        sweep the library's unit tests with a feature
  cargo firsthit test it::parses --exact          sweep one test
  cargo firsthit test --shard 2/4                 the second of four machines; then: cargo firsthit merge
  cargo firsthit test --depth 2 --confirm all     second failures in recovery code; every finding seen twice
  git diff main | cargo firsthit test --in-diff /dev/stdin
  cargo firsthit test --baseline main.json --fail-under 80 --report sarif=new.sarif
  cargo firsthit test -- --my-flag                arguments for the test binaries

Doctests are not swept: their binaries exist only inside of rustdoc. A `runner` of Cargo's configuration is not used: tests are
started as they are.";

pub(super) const ARCHIVE: &str = "\
Examples:
  cargo firsthit archive tests.tar.zst --workspace                     on one machine; needs cargo-nextest
  cargo firsthit test --archive-file tests.tar.zst --shard 2/4         on each of four, with the same sources at the same path

All machines then sweep the same build, and none but the first compiles. What the file holds is nextest's.";

pub(super) const RUN: &str = "\
Examples:
  cargo firsthit run -- target/debug/tool input.txt
  cargo firsthit run --crates tool,parser -- target/debug/tool

The program must be dynamically linked with the GNU C library, for this machine, and must not run with other rights than its
caller's. Build it with `-C force-frame-pointers=yes` and line tables: chains are then found faster and shown with lines.";

pub(super) const VERIFY: &str = "\
Examples:
  cargo firsthit verify                                check the sweep of every test of the package in this folder
  cargo firsthit verify parse --limit 500              a share of the requests, where a test makes many
  cargo firsthit verify --exact it::parses --request=17    one request of one test

A sweep fails each call chain once, on its first hit, and decides what fails by a table of chains and by forks. Here each test is swept, \
and then run again for N = 1, 2, 3 … in a fresh process in which the N-th request for memory fails, whatever its chain, until there \
are no more. The process finds its own chain by an exact walk where it fails. Then both are held against each other, chain by chain:

  missed           a request failed on a chain that the sweep does not know
  invented         the sweep tells of a chain on which no request failed
  ends otherwise   the first hit of the chain ended otherwise than the sweep says
  later hit        the first hit ended alike, and a later one did not: no error of the sweep, which fails first hits alone, but \
worth knowing (--later)

Two ends are alike if the verdict is the same, and the process ended the same: its exit status, its signal, or out of time. Both sides \
judge by the same rules, and take what only the library sees (losses, freed memory, where a panic was raised) from its accounts, each from \
its own process; an abort is a real one here, and the note of one in a sweep.

What differs is asked again, twice, and the test swept again: if that does not say the same, or if runs of the test differ by themselves \
(other numbers of requests, threads of its own), it may be chance, is told as such, and does not count. In tests that vary, a chain agrees \
if any of its hits ended as the sweep says. What the tests themselves ask for is failed, too, and not compared, for no sweep fails it. The \
runner's own thread makes some hundred requests before each test: they are failed if the sweep meets code under test on it, or with \
--runner. What a thread asks for behind a panic is never failed. Nothing is kept: ledger and last run stay as they are.

Exit codes: 0 if both say the same, 2 if they do not, 4 if a test fails without a failure, 5 if nothing was compared, 130 after Ctrl-C \
with what was compared by then, 1 if the command line or the build is wrong.";

pub(super) const REPLAY: &str = "\
Examples:
  cargo firsthit replay 3f2a90c1b7de                   fail this chain again, and show all that is seen
  cargo firsthit replay 3f2a90c1b7de --debugger gdb    the same under gdb, stopped where the allocation fails
  cargo firsthit replay 3f2a90c1b7de --release         in another build than the one that found it

The first digits of an ID do if they name one chain. What is built or started, and how, is what the run had that saw the chain \
last; options about packages, targets, features or the build replace all of those. The ledger does not change.

Exit codes: 0 if it ended well, 2 if it is a finding, 3 if it hung, 4 if the test fails without a failure, 5 if the chain was not \
met again, 1 if the ID or a build is wrong. Under a debugger: the debugger's own.";

pub(super) const REPORT: &str = "\
Examples:
  cargo firsthit report                   what the last run printed at its end
  cargo firsthit report --run 2           the run before it
  cargo firsthit report --deny aborted    as if aborting were a finding
  cargo firsthit report --accept 'known, issue 12'
  cargo firsthit report --html --open     as a page, in the browser
  cargo firsthit report --message-format json | jq -r 'select(.verdict == \"leaked\") | .id'
  cargo firsthit report --format sarif -o firsthit.sarif
  cargo firsthit report --format markdown >> \"$GITHUB_STEP_SUMMARY\"
  cargo firsthit report --format lcov -o firsthit.info && genhtml --branch-coverage -o coverage firsthit.info
  cargo firsthit report --format json -o baseline.json      and later: report --baseline baseline.json

Several forms at the end of a sweep: cargo firsthit test --report sarif=a.sarif --report junit=a.xml

Forms: json (all that is known, with a schema: --schema), sarif (2.1.0: a result a cause, with a lasting fingerprint), junit (a case a \
call chain), lcov and cobertura (lines that ask for memory, hit as often as a failure there ended well; a branch for each call chain \
and each recovery arm), github (annotations of a workflow), markdown (for a pull request).

Nothing is built or run. The exit code is the run's: 0, 2, 3, 4 or 5; 6 if coverage is under --fail-under; 1 if there is no such run.";

pub(super) const MERGE: &str = "\
Example: each of two machines ran `cargo firsthit test --shard k/2` and its target/firsthit was copied here.
  cargo firsthit merge shard-1 shard-2

Neither order nor repetition matters, and merged results can be merged. What is printed, and the exit code, is what one \
machine would have had. If shards are missing they are named, and the exit code is not 0: what is there may be clean, the whole is \
not known to be.";

pub(super) const EXPLAIN: &str = "\
Examples:
  cargo firsthit explain aborted
  cargo firsthit explain exit-codes
  cargo firsthit explain 3f2a90c1b7de";

pub(super) const COMPLETIONS: &str = "\
Examples:
  cargo firsthit completions bash > ~/.local/share/bash-completion/completions/cargo-firsthit
  cargo firsthit completions fish > ~/.config/fish/completions/cargo-firsthit.fish

They complete `cargo-firsthit`, the name that the program is installed by.";
