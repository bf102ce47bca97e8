//! The page in a real browser: what somebody does in it, on reports of any size, with any names.

mod driver;
mod hostile;
mod sample;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use driver::{Browser, DOWN, ENTER, ESCAPE, RIGHT, TAB, report};

/// A report of so many chains, in a folder that goes with the test.
fn made(chains: u64) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    sample::write(folder.path(), chains);
    let page = report(folder.path());
    (folder, page)
}

/// Everything that a person does with a report.
fn walk(page: &Path, chains: u64) {
    let browser = Browser::start(1280, 900);
    browser.open(page, "");
    let counted = browser.text("return document.querySelector('nav [data-part=chains] .count').textContent");
    assert_eq!(counted, thousands(chains));
    // The report's numbers are those of the sample, and the page draws what it says.
    let sum = browser.script("return [...document.querySelectorAll('.verdicts tbody td:nth-child(2)')].reduce((sum, cell) => sum + Number(cell.textContent.replace(',', '')), 0)");
    assert_eq!(sum, chains);

    search(&browser);
    filter(&browser, chains);
    zoom(&browser, chains);
    finding(&browser);
    theme(&browser);
    assert_eq!(browser.console(), Vec::<String>::new());
}

fn search(browser: &Browser) {
    browser.keys("/");
    browser.keys("store");
    browser.until(
        "search",
        "return location.hash.includes('q=store') && document.querySelector('#part-search .results li a')",
    );
    assert_eq!(browser.text("return document.activeElement.id"), "search");
    let marked = browser.text("return document.querySelector('#part-search mark').textContent");
    assert_eq!(marked.to_lowercase(), "store");
    browser.click("#part-search .results li a");
    browser.until("what was found", "return document.querySelector('#part-search').hidden");
}

fn filter(browser: &Browser, chains: u64) {
    browser.click("nav [data-part=chains]");
    browser.until(
        "all chains",
        &format!(
            "return document.querySelector('#part-chains .shown')?.textContent.startsWith('{} of')",
            thousands(chains)
        ),
    );
    browser.click("#part-chains .chip.v-recovered input");
    browser.until("only those", "return location.hash.includes('verdict=recovered')");
    let rows = "return [...document.querySelectorAll('#part-chains .row .verdict')].map((word) => word.textContent)";
    let words = browser.script(rows);
    assert!(
        !words.as_array().unwrap().is_empty() && words.as_array().unwrap().iter().all(|word| word == "recovered"),
        "{words}"
    );
    let shown = || browser.text("return document.querySelector('#part-chains .shown').textContent");
    let recovered = shown();
    browser.click("#part-chains input[name=file]");
    browser.keys("src/parse.rs");
    browser.until("a file", "return location.hash.includes('file=src')");
    assert_ne!(shown(), recovered);
    browser.click("#part-chains input[name=function]");
    browser.keys("no such function");
    browser.until("nothing", "return document.querySelector('#part-chains .shown')?.textContent.startsWith('0 of')");
}

fn zoom(browser: &Browser, chains: u64) {
    browser.click("nav [data-part=tree]");
    browser.until("the tree", "return document.querySelector('.icicle canvas').width > 300");
    let all = browser.text("return document.querySelector('.chosen').textContent");
    assert!(all.contains("All chains") && all.contains(&thousands(chains)), "{all}");
    // Whole colours stand beside each other: it is drawn, and not all in one.
    let colours = browser.script(
        "const canvas = document.querySelector('.icicle canvas'), pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, 60).data; \
         const seen = new Set(); for (let n = 0; n < pixels.length; n += 4) seen.add(pixels[n] * 65536 + pixels[n + 1] * 256 + pixels[n + 2]); return seen.size",
    );
    assert!(colours.as_u64().unwrap() > 4, "{colours}");
    // By mouse: the widest box of the second row lies at the left.
    let place = browser.script("const box = document.querySelector('.icicle canvas').getBoundingClientRect(); return [Math.round(box.left + 30), Math.round(box.top + 33)]");
    browser.click_at(place[0].as_i64().unwrap(), place[1].as_i64().unwrap());
    browser.until("the zoom", "return location.hash.includes('node=')");
    let zoomed = browser.text("return document.querySelector('.chosen .name').textContent");
    assert!(zoomed.starts_with("demo::"), "{zoomed}");
    // By keyboard: out, to the whole tree, and in again.
    browser.script("document.querySelector('.icicle').focus()");
    browser.keys(ESCAPE);
    browser.until("out of the zoom", "return !location.hash.includes('node=')");
    browser.keys(&format!("{DOWN}{RIGHT}{ENTER}"));
    browser.until("in by the keyboard", "return location.hash.includes('node=')");
    // The same as text.
    browser.click("#part-tree [aria-pressed]");
    let items = browser.script("return document.querySelectorAll('#part-tree [role=treeitem]').length");
    assert!(items.as_u64().unwrap() > 1, "{items}");
    browser.click("#part-tree [aria-pressed]");
}

fn finding(browser: &Browser) {
    browser.click("nav [data-part=findings]");
    browser.until("findings", "return document.querySelector('#part-findings .row')");
    let first = browser.text("return document.querySelector('#part-findings .row .verdict').textContent");
    browser.click("#part-findings .row");
    browser.until("the finding's page", "return document.querySelector('#part-chain .excerpt .hit')");
    assert_eq!(browser.text("return document.querySelector('#chain-title .verdict').textContent"), first);
    assert_eq!(browser.text("return document.activeElement.id"), "chain-title");
    // The command is copied as it stands there, by the button.
    browser.protocol(
        "Browser.grantPermissions",
        &serde_json::json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] }),
    );
    let command = browser.text("return document.querySelector('.command code').textContent");
    assert!(command.starts_with("cargo firsthit replay "), "{command}");
    browser.click(".command .copy");
    browser.until("copied", "return document.querySelector('.command .copy').textContent === 'Copied'");
    browser.script("window.pasted = null; navigator.clipboard.readText().then((text) => (window.pasted = text), (error) => (window.pasted = String(error)))");
    browser.until("the clipboard", "return window.pasted");
    assert_eq!(browser.text("return window.pasted"), command);
    // From the finding to its line.
    let place = browser.text("return document.querySelector('.frames .hit a.place').textContent");
    browser.click(".frames .hit a.place");
    browser.until("the source", "return document.querySelector('#part-source tr.target')");
    let line = browser.text("return document.querySelector('#part-source tr.target .at').textContent");
    assert!(place.ends_with(&format!(":{line}")), "{place}: {line}");
    let state = browser.text("return document.querySelector('#part-source tr.target .state').textContent");
    assert_eq!(state, "bad");
    browser.click("#part-source tr.target .state button");
    browser.until("the chains through it", "return document.querySelector('#part-source .through li a')");
    browser.click("#part-source .through li a");
    browser.until(
        "back at a chain",
        "return !document.querySelector('#part-chain').hidden && document.querySelector('.frames li')",
    );
}

fn theme(browser: &Browser) {
    let ground = || browser.text("return getComputedStyle(document.body).backgroundColor");
    browser.click("#theme");
    let light = ground();
    browser.click("#theme");
    assert_eq!(browser.text("return document.documentElement.dataset.theme"), "dark");
    assert_ne!(ground(), light);
    browser.click("#theme");
}

/// With commas, as the page writes numbers.
fn thousands(number: u64) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", number / 1000, number % 1000) }
}

#[test]
#[ignore = "needs Chromium"]
fn a_report_of_20_chains_is_walked_through() {
    let (_folder, page) = made(20);
    walk(&page, 20);
}

#[test]
#[ignore = "needs Chromium"]
fn a_report_of_1000_chains_is_walked_through() {
    let (_folder, page) = made(1_000);
    walk(&page, 1_000);
}

#[test]
#[ignore = "needs Chromium"]
fn a_report_of_10000_chains_is_walked_through() {
    let (_folder, page) = made(10_000);
    walk(&page, 10_000);
}

#[test]
#[ignore = "needs Chromium"]
fn everything_that_can_be_used_has_a_name_and_is_reached_by_the_keyboard() {
    let (_folder, page) = made(60);
    let browser = Browser::start(1280, 900);
    for part in
        ["", "#/findings", "#/chains", "#/tree", "#/sources", "#/source/1", "#/aborting", "#/tests", "#/search?q=store"]
    {
        browser.open(&page, part);
        let nameless = browser.script(
            "return [...document.querySelectorAll('a[href], button, input, select, [tabindex=\"0\"]')].filter((one) => one.offsetParent \
             && !one.innerText?.trim() && !one.getAttribute('aria-label') && !one.labels?.length && !one.title).map((one) => one.outerHTML)",
        );
        assert_eq!(nameless, serde_json::json!([]), "{part}");
        let headings =
            browser.script("return [...document.querySelectorAll('h1')].filter((one) => one.offsetParent).length");
        assert_eq!(headings, 1, "{part}");
        let current = browser.script("return document.querySelectorAll('nav [aria-current=page]').length");
        assert_eq!(current, u8::from(!part.contains("search")), "{part}");
    }
    // From the skip link to the part, and on to what stands in it.
    browser.open(&page, "#/chains");
    let focus = || {
        browser.text(
            "return document.activeElement.className || document.activeElement.id || document.activeElement.tagName",
        )
    };
    browser.keys(TAB);
    assert_eq!(focus(), "skip");
    browser.keys(ENTER);
    assert_eq!(browser.text("return document.activeElement.id"), "main");
    // Verdicts, four fields and the button stand before the first row.
    let steps = 6 + browser
        .script("return document.querySelectorAll('#part-chains .chip:not([hidden])').length")
        .as_u64()
        .unwrap();
    for _ in 0..steps {
        browser.keys(TAB);
    }
    assert_eq!(focus(), "row");
    let rows = "return [...document.querySelectorAll('#part-chains .row')].indexOf(document.activeElement)";
    browser.keys(&TAB.repeat(30));
    // The rows that were not there yet have come in their order.
    assert!(browser.script(rows).as_u64().is_some(), "{}", focus());
    let place = "return Number(document.activeElement.parentElement.getAttribute('aria-posinset'))";
    assert_eq!(browser.script(place), 31);
    browser.keys(ENTER);
    browser.until("the chain", "return location.hash.startsWith('#/chain/')");
}

#[test]
#[ignore = "needs Chromium"]
fn without_the_script_summary_findings_lines_and_tests_are_read() {
    let (_folder, page) = made(200);
    let browser = Browser::start(1280, 900);
    browser.protocol("Emulation.setScriptExecutionDisabled", &serde_json::json!({ "value": true }));
    browser.protocol("Page.navigate", &serde_json::json!({ "url": format!("file://{}/index.html", page.display()) }));
    browser.until("the page", "return document.title.includes('firsthit')");
    let shown = browser.script("return [...document.querySelectorAll('main > section')].filter((part) => part.offsetHeight > 0).map((part) => part.id)");
    assert_eq!(shown, serde_json::json!(["part-summary", "part-findings", "part-aborting", "part-tests"]));
    let causes = browser.script("return document.querySelectorAll('.causes li').length");
    let counted = browser.text("return document.querySelector('nav [data-part=findings] .count').textContent");
    assert_eq!(causes.to_string(), counted);
    assert!(browser.text("return document.querySelector('.causes pre').textContent").contains("cargo firsthit replay"));
}

#[test]
fn a_page_is_written_where_it_is_asked_and_replaces_nothing_else() {
    let made = tempfile::tempdir().unwrap();
    sample::write(made.path(), 20);
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-firsthit"));
        let command = command.args(["firsthit", "report", "--html"]).args(words);
        command.current_dir(made.path()).env_remove("CARGO_TARGET_DIR").stdin(Stdio::null()).output().unwrap()
    };
    let written = run(&["-o", "a/page"]);
    // The findings of the run say with which code it ends; the page is all that is told.
    assert_eq!(
        (written.status.code(), String::from_utf8_lossy(&written.stdout).trim()),
        (Some(2), "a/page/index.html")
    );
    let before = fs::read_to_string(made.path().join("a/page/index.html")).unwrap();
    assert!(before.contains("20 call chains of 1 test") && !made.path().join("target/firsthit/html").exists());
    assert_eq!(run(&["-o", "a/page"]).status.code(), Some(2));
    let refused = run(&["-o", "src"]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && told.contains("src holds something that is no report"), "{told}");
    assert_eq!(fs::read_dir(made.path().join("src")).unwrap().count(), 9);
}
