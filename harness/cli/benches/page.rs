//! How fast the page is in a real browser: the first paint, and what a click or a key takes until it is seen.
//!
//! `cargo test -p cargo-firsthit --bench page` measures reports of 20, 1,000 and 10,000 chains; with `-- keep FOLDER` it leaves
//! them there, to be looked at. It needs Debian's packages chromium and chromium-driver.
#![allow(dead_code, reason = "the driver can do more than is measured")]

#[path = "../tests/browser/driver.rs"]
mod driver;
#[path = "../tests/browser/sample.rs"]
mod sample;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use driver::{Browser, DOWN, ENTER, ESCAPE, RIGHT, report};

/// Each is measured so many times, in a browser of its own.
const TIMES: usize = 7;

/// Milliseconds by what was done.
type Figures = BTreeMap<String, Vec<f64>>;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let kept = words.iter().position(|word| word == "keep").and_then(|place| words.get(place + 1)).map(PathBuf::from);
    for chains in [20, 1_000, 10_000] {
        let made = tempfile::tempdir().unwrap();
        let folder = kept.as_ref().map_or_else(|| made.path().to_owned(), |kept| kept.join(chains.to_string()));
        std::fs::create_dir_all(&folder).unwrap();
        sample::write(&folder, chains);
        let page = report(&folder);
        println!(
            "\n{chains} chains, {} KB of data for the lists",
            std::fs::metadata(page.join("data/report.js")).unwrap().len() / 1024
        );
        let mut figures = Figures::new();
        for _ in 0..TIMES {
            measure(&page, &mut figures);
        }
        for (what, mut all) in figures {
            all.sort_by(f64::total_cmp);
            println!("  {what:<44} median {:>5.0} ms, worst {:>5.0} ms", all[all.len() / 2], all[all.len() - 1]);
        }
    }
}

fn measure(page: &Path, figures: &mut Figures) {
    let browser = Browser::start(1280, 900);
    for (part, address) in [
        ("summary", ""),
        ("findings", "#/findings"),
        ("chains", "#/chains"),
        ("call tree", "#/tree"),
        ("source", "#/source/3"),
    ] {
        browser.open(page, address);
        // A paint is told a little later than it is done.
        browser.until("the paint", "return performance.getEntriesByType('paint').length > 1");
        let painted = browser.script("return performance.getEntriesByName('first-contentful-paint')[0].startTime");
        let ready = browser.script("return performance.getEntriesByName('firsthit-ready')[0].startTime");
        add(figures, format!("opened at the {part}: first paint"), &painted);
        add(figures, format!("opened at the {part}: ready"), &ready);
    }
    browser.open(page, "#/chains");
    // What is done under 16 ms is not told by the browser, and counts as 16. Links change the address, whose event comes behind the
    // click's: from the click to the frame behind it is measured, too.
    browser.script(
        "window.slowest = 0; const told = (duration) => (window.slowest = Math.max(window.slowest, duration)); \
         const see = new PerformanceObserver((list) => list.getEntries().forEach((entry) => told(entry.duration))); \
         see.observe({ type: 'event', durationThreshold: 16 }); see.observe({ type: 'long-animation-frame' }); \
         for (const kind of ['pointerdown', 'keydown', 'click']) addEventListener(kind, (event) => (window.begun = event.timeStamp), true); \
         addEventListener('hashchange', () => requestAnimationFrame(() => { const after = new MessageChannel(); \
           after.port1.onmessage = () => told(performance.now() - window.begun); after.port2.postMessage(0); }))",
    );
    let step = |figures: &mut Figures, what: &str, act: &dyn Fn()| {
        browser.script("window.slowest = 16");
        act();
        // Two frames and a pause: by then the event has been told.
        browser.script("window.settled = false; requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => (window.settled = true), 60)))");
        browser.until("settled", "return window.settled");
        add(figures, what.to_owned(), &browser.script("return window.slowest"));
    };
    step(figures, "filter by a verdict: click", &|| browser.click("#part-chains .chip.v-recovered input"));
    step(figures, "filter by a verdict: click again", &|| browser.click("#part-chains .chip.v-recovered input"));
    browser.click("#part-chains input[name=function]");
    step(figures, "filter by a function: the slowest key", &|| browser.keys("table"));
    browser.click("#search");
    step(figures, "search: the slowest key", &|| browser.keys("store"));
    step(figures, "call tree: opened", &|| browser.click("nav [data-part=tree]"));
    let place = browser.script("const box = document.querySelector('.icicle').getBoundingClientRect(); return [Math.round(box.left + 30), Math.round(box.top + 33)]");
    step(figures, "call tree: zoom by a click", &|| {
        browser.click_at(place[0].as_i64().unwrap(), place[1].as_i64().unwrap());
    });
    browser.script("document.querySelector('.icicle').focus()");
    step(figures, "call tree: zoom out by a key", &|| browser.keys(ESCAPE));
    step(figures, "call tree: the slowest of five keys", &|| {
        browser.keys(&format!("{DOWN}{DOWN}{RIGHT}{DOWN}{ENTER}"));
    });
    step(figures, "call tree: as an outline", &|| browser.click("#part-tree [aria-pressed]"));
    step(figures, "findings: opened", &|| browser.click("nav [data-part=findings]"));
    step(figures, "a finding: opened", &|| browser.click("#part-findings .row"));
    browser.until("the finding", "return document.querySelector('.frames .hit a.place')");
    step(figures, "its source: opened", &|| browser.click(".frames .hit a.place"));
    browser.until("the source", "return document.querySelector('#part-source tr.target')");
    step(figures, "the chains through a line: click", &|| browser.click("#part-source tr.target .state button"));
    step(figures, "the sources: opened", &|| browser.click("nav [data-part=sources]"));
    step(figures, "the theme: changed", &|| browser.click("#theme"));
}

fn add(figures: &mut Figures, what: String, value: &serde_json::Value) {
    figures.entry(what).or_default().push(value.as_f64().unwrap_or(f64::NAN));
}
