//! A value as a script that tells it: a page that was opened as a file can read its data in no other way.

use serde::Serialize;

/// `firsthit.NAME(arguments…)`. Nothing in the values ends the script or begins a tag, wherever it is put.
pub(crate) fn call(name: &str, arguments: &[&dyn Told]) -> String {
    let arguments: Vec<String> = arguments.iter().map(|argument| argument.told()).collect();
    format!("firsthit.{name}({});\n", arguments.join(","))
}

/// What can be told in a script.
pub(crate) trait Told {
    fn told(&self) -> String;
}

impl<T: Serialize> Told for T {
    /// JSON, in which the characters that mean something to HTML stand as escapes: strings are the only place they can be in.
    fn told(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_else(|_| "null".to_owned());
        let mut safe = String::with_capacity(json.len());
        for c in json.chars() {
            match c {
                '<' => safe.push_str("\\u003c"),
                '>' => safe.push_str("\\u003e"),
                '&' => safe.push_str("\\u0026"),
                '\u{2028}' => safe.push_str("\\u2028"),
                '\u{2029}' => safe.push_str("\\u2029"),
                c => safe.push(c),
            }
        }
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_value_ends_the_script() {
        let hostile = "</script><!-- & \u{2028} \"x\\";
        let script = call("source", &[&7, &vec![hostile]]);
        assert!(!script.contains(['<', '>', '&', '\u{2028}']), "{script}");
        let json = script.strip_prefix("firsthit.source(7,").and_then(|rest| rest.strip_suffix(");\n")).unwrap();
        assert_eq!(serde_json::from_str::<Vec<String>>(json).unwrap(), [hostile]);
    }
}
