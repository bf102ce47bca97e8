//! Names and messages that were made to break a page.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use serde_json::json;

use crate::driver::{Browser, report};
use crate::sample;

const HOSTILE: &str =
    "</script><img src=x onerror=\"window.broken=1\"><!-- ' \" & {{7*7}} ${7*7} \u{1b}[31m\u{202e}\u{2028}\u{0}";

#[test]
#[ignore = "needs Chromium"]
fn names_that_were_made_to_break_the_page_are_shown_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    sample::write(folder.path(), 20);
    let long = format!("demo::{}", "Very<Long,Symbol>::".repeat(600));
    let frame = |function: &str, file: &str| json!({ "function": function, "file": file, "line": 3, "column": null, "owner": "workspace" });
    let test = format!("tests::{HOSTILE}");
    let outcome = |number: u128, function: &str, file: &str| {
        json!({
            "id": format!("{number:032x}"), "test": { "binary": HOSTILE, "name": test }, "verdict": "panicked", "build": HOSTILE,
            "request": { "function": HOSTILE, "size": 1, "align": 0, "old_size": 0 },
            "chain": [frame(function, file), frame("demo::outer", "src/lib.rs")],
            "asked": { "function": HOSTILE, "fallible": false, "by": frame(function, file) },
            "panic": { "file": file, "line": 1, "column": 1, "message": format!("{HOSTILE}\nsecond {HOSTILE}"), "in_test": false },
            "leaks": [{ "bytes": 1, "count": 1, "chain": [frame(HOSTILE, file)] }],
            "evidence": [HOSTILE, format!("{HOSTILE}\n{HOSTILE}")],
        })
    };
    // A file whose name is no UTF-8 comes as the tool could read it.
    let odd = std::ffi::OsStr::from_bytes(b"src/odd\xff.rs");
    fs::write(folder.path().join(odd), "x").unwrap();
    let odd = odd.to_string_lossy().into_owned();
    let outcomes =
        [outcome(1, &long, &format!("src/{HOSTILE}.rs")), outcome(2, HOSTILE, &odd), outcome(3, HOSTILE, "src/lib.rs")];
    fs::write(folder.path().join("src/lib.rs"), format!("// {HOSTILE}\n\n// third {HOSTILE}\n")).unwrap();
    sample::result(folder.path(), &outcomes, &[test]);

    let page = report(folder.path());
    let browser = Browser::start(1280, 900);
    let mut places = vec!["".to_owned(), "#/findings".to_owned(), "#/chains".to_owned(), "#/tree?node=1".to_owned()];
    places.extend(["#/sources", "#/aborting", "#/tests", "#/search?q=%3C%2Fscript%3E"].map(str::to_owned));
    places.extend((1..=3).map(|number: u128| format!("#/chain/{number:032x}")));
    places.extend((0..3).map(|file| format!("#/source/{file}?line=3")));
    places.extend(
        ["#/source/99", "#/chain/zz", "#/finding/%ff", "#/nothing/%", "#/tree?node=-5&at=x"].map(str::to_owned),
    );
    for place in &places {
        browser.open(&page, place);
        browser.until("something is shown", "return [...document.querySelectorAll('main > section')].some((part) => !part.hidden && part.innerText.length > 3)");
        let broken = browser.script("return [window.broken === undefined, document.querySelectorAll('main img').length, document.body.innerText.includes('\\u001b')]");
        assert_eq!(broken, json!([true, 0, false]), "{place}");
        let wide = browser.script("return document.documentElement.scrollWidth <= innerWidth");
        assert_eq!(wide, true, "{place} is wider than the window");
    }
    browser.open(&page, &format!("#/chain/{:032x}", 3));
    browser.until("the chain", "return document.querySelector('#part-chain .facts-list pre')");
    let shown = browser.text("return document.querySelector('#part-chain .facts-list').textContent");
    assert!(shown.contains("</script><img src=x onerror=\"window.broken=1\">"), "{shown}");
    assert_eq!(browser.console(), Vec::<String>::new());
}
