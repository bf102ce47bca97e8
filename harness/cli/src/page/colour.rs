//! The page's colours as its styles have them, for a test: whether everybody can tell the text from the ground, in both themes.

use super::write::STYLES;

/// The two values of a colour, for light and for dark, as red, green and blue.
fn colour(name: &str) -> [[u8; 3]; 2] {
    let value = STYLES[0].split(&format!("--{name}: light-dark(")).nth(1).and_then(|rest| rest.split(");").next());
    let value = value.unwrap_or_else(|| panic!("--{name} has no value"));
    let both: Vec<[u8; 3]> =
        value.split(", ").map(|hex| [1, 3, 5].map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())).collect();
    [both[0], both[1]]
}

/// <https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio>
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let luminance = |colour: [u8; 3]| {
        let [red, green, blue] = colour.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// What the icicle paints under its names.
fn mixed(colour: [u8; 3], ground: [u8; 3], share: f64) -> [u8; 3] {
    let mut mixed = ground;
    for (to, (from, under)) in mixed.iter_mut().zip(colour.into_iter().zip(ground)) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
        let part = (f64::from(from) * share + f64::from(under) * (1.0 - share)).round() as u8;
        *to = part;
    }
    mixed
}

#[test]
fn text_in_each_colour_and_on_it_is_read_in_both_themes() {
    let verdicts = firsthit::Verdict::ALL.map(firsthit::Verdict::as_str);
    for theme in [0, 1] {
        let of = |name: &str| colour(name)[theme];
        for ground in ["ground", "raised", "sunken"] {
            for text in verdicts.iter().copied().chain(["ink", "quiet", "link"]) {
                // Numbers in quiet text stand in the part of the navigation that is chosen.
                let ratio = contrast(of(text), of(ground));
                assert!(ratio >= 4.5, "{text} on {ground} in theme {theme}: {ratio:.2}");
            }
        }
        for verdict in verdicts {
            // The verdict's word stands on a chip and on a line of source in its own colour.
            let ratio = contrast(of(verdict), mixed(of(verdict), of("ground"), 0.16));
            assert!(ratio >= 4.5, "{verdict} on its own tint in theme {theme}: {ratio:.2}");
            for share in [0.16, 0.34] {
                let ratio = contrast(of("ink"), mixed(of(verdict), of("ground"), share));
                assert!(ratio >= 4.5, "a name on {verdict} in theme {theme}: {ratio:.2}");
            }
        }
        assert!(contrast(of("strong-line"), of("ground")) >= 3.0 && contrast(of("focus"), of("ground")) >= 3.0);
    }
}

#[test]
fn every_verdict_has_a_symbol_and_a_class() {
    let styles = STYLES.concat();
    for verdict in firsthit::Verdict::ALL {
        assert!(styles.contains(&format!(".v-{verdict} {{ --verdict: var(--{verdict}); }}")), "{verdict}");
        assert!(styles.contains(&format!(".v-{verdict}.verdict::before")), "{verdict}");
    }
}
