//! A headless Chromium, steered through chromedriver: the few requests of WebDriver that the tests need, over plain HTTP.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything is waited for: far more than it takes, for the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one window, and a profile of its own that goes with it.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts chromedriver and a browser with a window of this size in pixels.
    pub(crate) fn start(width: u32, height: u32) -> Browser {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("chromedriver")
            .args([format!("--port={port}"), "--silent".to_owned()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is needed: Debian's packages chromium and chromium-driver");
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Browser { driver, port, session: String::new(), _profile: profile };
        wait("chromedriver", || browser.request("GET", "/status", None).is_ok());
        let mut args: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ]
        .map(str::to_owned)
        .to_vec();
        args.push(format!("--user-data-dir={}", browser._profile.path().display()));
        args.push(format!("--window-size={width},{height}"));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome", "goog:loggingPrefs": { "browser": "ALL" }, "goog:chromeOptions": { "args": args },
        } } });
        let session = browser.request("POST", "/session", Some(&wanted)).unwrap();
        browser.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        browser
    }

    /// Opens a page of a report, and waits until its data is read.
    pub(crate) fn open(&self, folder: &Path, address: &str) {
        // A new page, where only what stands behind the `#` differs, too.
        self.command("url", json!({ "url": "about:blank" }));
        self.command("url", json!({ "url": format!("file://{}/index.html{address}", folder.display()) }));
        self.until("the page is ready", "return document.documentElement.dataset.ready === 'true'");
    }

    /// What a script returns.
    pub(crate) fn script(&self, script: &str) -> Value {
        self.command("execute/sync", json!({ "script": script, "args": [] }))
    }

    /// What a script returns, as a text.
    pub(crate) fn text(&self, script: &str) -> String {
        let value = self.script(script);
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    /// Waits until a script returns something true. What it asks about need not be there yet.
    pub(crate) fn until(&self, what: &str, script: &str) {
        let script = format!("try {{ {script} }} catch (_) {{ return false }}");
        wait(what, || match self.script(&script) {
            Value::Bool(is) => is,
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Number(number) => number.as_f64() != Some(0.0),
            _ => true,
        });
    }

    /// Clicks on the first element that a selector finds, as a person does: where it is seen.
    pub(crate) fn click(&self, selector: &str) {
        let found = self.command("element", json!({ "using": "css selector", "value": selector }));
        let id = found.as_object().and_then(|found| found.values().next()).and_then(Value::as_str);
        let id = id.unwrap_or_else(|| panic!("{selector}: {found}"));
        let clicked = self.command(&format!("element/{id}/click"), json!({}));
        assert!(clicked.is_null(), "{selector}: {clicked}");
    }

    /// Clicks at a place of the window.
    pub(crate) fn click_at(&self, x: i64, y: i64) {
        let steps = json!([
            { "type": "pointerMove", "duration": 0, "x": x, "y": y, "origin": "viewport" },
            { "type": "pointerDown", "button": 0 },
            { "type": "pointerUp", "button": 0 },
        ]);
        self.command(
            "actions",
            json!({ "actions": [{ "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" }, "actions": steps }] }),
        );
    }

    /// Presses keys one after another, where the focus is. Keys that are no letters are WebDriver's, such as [`ENTER`].
    pub(crate) fn keys(&self, keys: &str) {
        let steps: Vec<Value> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() })))
            .collect();
        self.command("actions", json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": steps }] }));
    }

    /// A command of Chromium's own protocol.
    pub(crate) fn protocol(&self, command: &str, parameters: &Value) -> Value {
        self.command("goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
    }

    /// What the page has said on its console since the last time: errors of the page are there, too.
    pub(crate) fn console(&self) -> Vec<String> {
        let lines = self.command("se/log", json!({ "type": "browser" }));
        lines.as_array().unwrap().iter().map(|line| format!("{} {}", line["level"], line["message"])).collect()
    }

    fn command(&self, name: &str, body: Value) -> Value {
        self.request("POST", &format!("{}/{name}", self.session), Some(&body))
            .unwrap_or_else(|why| panic!("{name} {body}: {why}"))
    }

    /// One request; chromedriver is on this machine, and answers in one piece.
    fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let told = |error: std::io::Error| error.to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).map_err(told)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(told)?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).map_err(told)?;
        // The connection stays open behind the answer, whose head says how long it is.
        let mut answer = BufReader::new(stream);
        let (mut head, mut line, mut length) = (String::new(), String::new(), 0);
        while answer.read_line(&mut line).map_err(told)? > 2 {
            if let Some((_, value)) =
                line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            {
                length = value.trim().parse().map_err(|_| line.clone())?;
            }
            head += &line;
            line.clear();
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body).map_err(told)?;
        let body = String::from_utf8_lossy(&body);
        let value: Value = serde_json::from_str(&body).map_err(|error| format!("{error}: {body}"))?;
        if head.contains(" 200 ") { Ok(value["value"].clone()) } else { Err(value["value"]["message"].to_string()) }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser with the session.
        let _ = self.request("DELETE", &self.session, None);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Keys as WebDriver writes them.
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const ESCAPE: &str = "\u{e00c}";
pub(crate) const DOWN: &str = "\u{e015}";
pub(crate) const RIGHT: &str = "\u{e014}";

/// Writes the page of a project's last run, and returns its folder.
pub(crate) fn report(project: &Path) -> PathBuf {
    let made = Command::new(env!("CARGO_BIN_EXE_cargo-firsthit"))
        .args(["firsthit", "report", "--html", "--quiet"])
        .current_dir(project)
        .env_remove("CARGO_TARGET_DIR")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let page = project.join("target/firsthit/html");
    let told = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(
        fs::metadata(page.join("index.html")).is_ok() && [Some(0), Some(2), Some(3)].contains(&made.status.code()),
        "{told}"
    );
    page
}
