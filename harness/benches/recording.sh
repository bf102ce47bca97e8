#!/usr/bin/env bash
# What recording costs: the processor time of a crate's tests in one process and in one each, and of a sweep that fails nothing.
#
#   harness/benches/recording.sh FOLDER [CARGO-OPTIONS]
#
# FOLDER has any crate; an optimised cargo-firsthit and cargo-nextest must be installed.
set -euo pipefail
cd "${1:?a folder with a crate}"
shift
nothing=$(mktemp)
trap 'rm -f "$nothing"' EXIT
TIMEFORMAT='%U %S'

# The median of five of a command's seconds, user's and system's.
seconds() {
  "$@" > /dev/null 2>&1 || true
  for _ in 1 2 3 4 5; do
    { time "$@" > /dev/null 2>&1 || true; } 2>&1 | awk '{ print $1 + $2 }'
  done | sort -n | sed -n 3p
}

one=$(seconds cargo test --tests "$@")
each=$(seconds cargo nextest run --no-fail-fast --tests "$@")
# Of a diff that changes no line no chain is failed.
recorded=$(seconds cargo firsthit test --tests --in-diff "$nothing" "$@")
awk -v one="$one" -v each="$each" -v recorded="$recorded" 'BEGIN {
  printf "cargo test %.2f s, cargo nextest run %.2f s, recorded %.2f s\n", one, each, recorded
  printf "recording adds %.1f times the suite in one process, %.1f times with a process for each test\n", (recorded - one) / one, (recorded - each) / each
}'
