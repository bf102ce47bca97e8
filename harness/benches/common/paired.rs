//! Paired measurement: every variant in every round, and the ratios within a round, so that a slow moment of a
//! shared machine falls on all of them.

use std::time::Duration;

use criterion::Criterion;

/// One of the things that are compared.
pub struct Variant<'a> {
    pub name: String,
    /// One unit of work costs about this many of the first variant's: how much less of it a round does.
    pub weight: u64,
    /// Does so many units of work, and says how long they took.
    pub run: Box<dyn FnMut(u64) -> Duration + 'a>,
}

impl<'a> Variant<'a> {
    pub fn new(name: impl Into<String>, weight: u64, run: impl FnMut(u64) -> Duration + 'a) -> Variant<'a> {
        Variant { name: name.into(), weight, run: Box::new(run) }
    }
}

/// What came out for one variant: medians over the rounds.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Nanoseconds for a unit of work.
    pub nanos: f64,
    /// Ratio to the first variant in the same round, with its quartiles.
    pub ratio: f64,
    pub quartiles: [f64; 2],
    /// Nanoseconds beyond the first variant's.
    pub added: f64,
}

/// Whether this is `cargo bench`, and not a test run of the benchmarks.
pub fn in_earnest() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// Measures `units` of work of every variant in `rounds` rounds, prints the table, and hands the variants to criterion.
pub fn compare(
    criterion: &mut Criterion,
    title: &str,
    units: u64,
    rounds: usize,
    mut variants: Vec<Variant<'_>>,
) -> Vec<Measured> {
    let rounds = if in_earnest() { rounds } else { 1 };
    let mut samples: Vec<Vec<f64>> = vec![Vec::new(); variants.len()];
    for round in 0..=rounds {
        for step in 0..variants.len() {
            let place = (round + step) % variants.len();
            let variant = &mut variants[place];
            let units = (units / variant.weight).max(1);
            let nanos = (variant.run)(units).as_secs_f64() * 1e9 / units as f64;
            if round > 0 {
                samples[place].push(nanos);
            }
        }
    }
    println!("\n{title}");
    println!("{:<34} {:>12} {:>9} {:>17} {:>12}", "", "ns", "ratio", "(quartiles)", "added ns");
    let mut measured = Vec::new();
    for (variant, own) in variants.iter().zip(&samples) {
        let ratios: Vec<f64> = own.iter().zip(&samples[0]).map(|(own, first)| own / first).collect();
        let added: Vec<f64> = own.iter().zip(&samples[0]).map(|(own, first)| own - first).collect();
        let result = Measured {
            nanos: quantile(own, 0.5),
            ratio: quantile(&ratios, 0.5),
            quartiles: [quantile(&ratios, 0.25), quantile(&ratios, 0.75)],
            added: quantile(&added, 0.5),
        };
        let [low, high] = result.quartiles;
        println!(
            "{:<34} {:>12.1} {:>9.3} {:>17} {:>12.1}",
            variant.name,
            result.nanos,
            result.ratio,
            format!("({low:.3}-{high:.3})"),
            result.added
        );
        measured.push(result);
    }
    let mut group = criterion.benchmark_group(title.replace([',', ':', '/'], ""));
    for variant in &mut variants {
        let run = &mut variant.run;
        group.bench_function(variant.name.replace('/', " "), |bencher| bencher.iter_custom(&mut *run));
    }
    group.finish();
    measured
}

/// The value that a share of the others lie below.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

/// The processor time that this thread has had: what others take from it does not count.
#[expect(unsafe_code, reason = "reads a clock")]
pub fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock writes the value.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The processor time of this thread in `work`.
pub fn timed(work: impl FnOnce()) -> Duration {
    let begun = thread_time();
    work();
    thread_time() - begun
}
