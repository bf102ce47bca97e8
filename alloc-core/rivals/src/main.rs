//! alloc-core side by side with other allocators: one process, one run, Markdown tables. The README says how to read them.

mod arenas;
mod case;
mod contestant;
mod frames;
mod general;
mod machine;
mod measure;
mod memory;
mod objects;
mod path;
mod peer;
mod random;
mod rival;
mod samples;
mod table;
mod thread;

use case::{Case, Path};
use contestant::Contestant;
use measure::{Threads, measure};
use peer::Peer;
use table::Table;

/// What can be asked for by name.
const USAGE: &str = "usage: rivals [--rounds N] [--only TEXT]... [PATH]...
paths: pair batch cross isolated; all of them without one
--rounds N   rounds of each path, 41 if not said
--only TEXT  only allocators whose names contain one of these";

/// What the command line asks for.
struct Asked {
    rounds: usize,
    only: Vec<String>,
    paths: Vec<String>,
}

impl Asked {
    fn read(mut words: impl Iterator<Item = String>) -> Option<Asked> {
        let mut asked = Asked { rounds: 41, only: Vec::new(), paths: Vec::new() };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--rounds" => asked.rounds = words.next()?.parse().ok().filter(|rounds| *rounds > 0)?,
                "--only" => asked.only.push(words.next()?),
                "pair" | "batch" | "cross" | "isolated" => asked.paths.push(word),
                _ => return None,
            }
        }
        Some(asked)
    }

    fn has(&self, path: &str) -> bool {
        self.paths.is_empty() || self.paths.iter().any(|asked| asked == path)
    }
}

/// A size, and how it is called.
const SIZES: [(usize, &str); 4] = [(64, "64 B"), (4096, "4 KiB"), (32 << 10, "32 KiB"), (1 << 20, "1 MiB")];

/// Measures one table: everybody on some paths, a column each.
fn table(
    title: &str,
    columns: &[(Path, usize, String)],
    threads: Threads,
    contestants: &[Contestant],
    peer: &Peer,
    rounds: usize,
) {
    let rows = contestants.iter().map(|contestant| (contestant.name.to_owned(), vec![None; columns.len()])).collect();
    let names = columns.iter().map(|(_, _, name)| name.clone()).collect();
    let mut table = Table { title: title.to_owned(), columns: names, rows };
    for (column, (path, size, _)) in columns.iter().enumerate() {
        let cases: Vec<_> = contestants.iter().map(|contestant| contestant.case(*path, *size)).collect();
        let (places, there): (Vec<usize>, Vec<&dyn Case>) =
            cases.iter().enumerate().filter_map(|(place, case)| Some((place, case.as_deref()?))).unzip();
        for (place, samples) in places.into_iter().zip(measure(&there, peer, threads, rounds)) {
            table.rows[place].1[column] = Some(samples);
        }
    }
    table.rows.retain(|(_, cells)| cells.iter().any(Option::is_some));
    println!("{table}");
}

fn main() {
    let Some(asked) = Asked::read(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        std::process::exit(2);
    };
    thread::pin(0);
    let peer = Peer::new();
    let mut contestants = Contestant::all();
    contestants.retain(|one| asked.only.is_empty() || asked.only.iter().any(|text| one.name.contains(text)));
    println!("ns a pair: median (p10..p90), ratio to the best median of the column, number of chunks.\n");
    let sizes = |path: Path| SIZES.map(|(size, name)| (path, size, name.to_owned()));
    let print = |title: &str, columns: &[(Path, usize, String)], threads| {
        table(title, columns, threads, &contestants, &peer, asked.rounds);
    };
    if asked.has("pair") {
        print("Pair, 1 thread", &sizes(Path::Pair), Threads::One);
        print("Pair, 2 threads", &sizes(Path::Pair), Threads::Two);
    }
    if asked.has("batch") {
        print("Batch, 1 thread", &sizes(Path::Batch), Threads::One);
        print("Batch, 2 threads", &sizes(Path::Batch), Threads::Two);
    }
    if asked.has("cross") {
        print("Taken by one thread, given back by the other", &sizes(Path::Cross)[..3], Threads::Two);
    }
    if asked.has("isolated") {
        let columns = [64, 1024, 8192].map(|free| (Path::Isolated(free), 4096, format!("{free} free")));
        print("A random page given back and one taken, while so many free pages lie alone", &columns, Threads::One);
    }
}
