//! A picture of what a terminal shows: text with colours from standard input, as an SVG file to standard output.

use std::io::{Read, Write, stdin, stdout};

use anstyle_svg::Term;

fn main() -> std::io::Result<()> {
    let mut text = String::new();
    stdin().read_to_string(&mut text)?;
    stdout().write_all(Term::new().min_width_px(760).render_svg(&text).as_bytes())
}
