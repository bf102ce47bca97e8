//! Which variants a pattern names: those of a failure, or those of a success.

use syn::{Pat, Path};

/// What a pattern names.
#[derive(Default, Clone, Copy, PartialEq, Debug)]
pub(crate) struct Names {
    /// `Err` or `Break`.
    err: bool,
    /// `None`, but not inside of `Ok` or `Some`: there it is an answer.
    none: bool,
    /// `Ok` or `Continue`.
    ok: bool,
    /// `Some`.
    some: bool,
}

impl Names {
    /// What `pattern` names.
    pub(crate) fn of(pattern: &Pat) -> Names {
        let mut names = Names::default();
        names.add(pattern, false);
        names
    }

    /// Whether a failure is named; of data, `None` is none.
    pub(crate) fn fails(self, data: bool) -> bool {
        self.err || (self.none && !data)
    }

    /// Whether a success is named, so that what is left is the failure.
    pub(crate) fn succeeds(self, data: bool) -> bool {
        self.ok || (self.some && !data)
    }

    fn add(&mut self, pattern: &Pat, inside: bool) {
        match pattern {
            Pat::Guard(guard) => self.add(&guard.pat, inside),
            Pat::Ident(ident) => {
                self.none |= !inside && ident.ident == "None";
                if let Some((_, pattern)) = &ident.subpat {
                    self.add(pattern, inside);
                }
            }
            Pat::Or(or) => or.cases.iter().for_each(|pattern| self.add(pattern, inside)),
            Pat::Paren(paren) => self.add(&paren.pat, inside),
            Pat::Path(path) => self.none |= !inside && last(&path.path) == "None",
            Pat::Reference(reference) => self.add(&reference.pat, inside),
            Pat::Slice(slice) => slice.elems.iter().for_each(|pattern| self.add(pattern, inside)),
            Pat::Struct(pattern) => {
                let inside = self.variant(&pattern.path, inside);
                pattern.fields.iter().for_each(|field| self.add(&field.pat, inside));
            }
            Pat::Tuple(tuple) => tuple.elems.iter().for_each(|pattern| self.add(pattern, inside)),
            Pat::TupleStruct(pattern) => {
                let inside = self.variant(&pattern.path, inside);
                pattern.elems.iter().for_each(|pattern| self.add(pattern, inside));
            }
            Pat::Type(typed) => self.add(&typed.pat, inside),
            _ => {}
        }
    }

    /// Notes a variant, and whether what is in it is an answer.
    fn variant(&mut self, path: &Path, inside: bool) -> bool {
        match last(path).as_str() {
            "Err" | "Break" => self.err = true,
            "Ok" | "Continue" => self.ok = true,
            "Some" => self.some |= !inside,
            _ => return inside,
        }
        true
    }
}

fn last(path: &Path) -> String {
    path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default()
}

/// Whether a pattern takes whatever is left: `_`, or a variable.
pub(crate) fn takes_all(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) => true,
        Pat::Guard(guard) => takes_all(&guard.pat),
        Pat::Paren(paren) => takes_all(&paren.pat),
        // What begins with a capital is a constant or a variant.
        Pat::Ident(ident) => ident.subpat.is_none() && !ident.ident.to_string().starts_with(char::is_uppercase),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, takes_all};
    use syn::Pat;
    use syn::parse::Parser as _;

    fn pattern(text: &str) -> Pat {
        Pat::parse_multi_with_leading_vert.parse_str(text).unwrap()
    }

    #[test]
    fn failures_are_found_at_any_depth() {
        for text in [
            "Err(_)",
            "Result::Err(e)",
            "e @ Err(_)",
            "Some(Err(e))",
            "Poll::Ready(Err(_))",
            "(Ok(a), Err(b))",
            "Ok(x) | Err(x)",
            "&Err(ref e)",
            "ControlFlow::Break(())",
            "Err { 0: e }",
            "Event::Done { result: Err(e), .. }",
            "[Err(a), ..]",
        ] {
            assert!(Names::of(&pattern(text)).fails(true), "{text}");
        }
        for text in ["None", "Option::None", "Poll::Ready(None)", "(Some(_), None)"] {
            let names = Names::of(&pattern(text));
            assert!(names.fails(false) && !names.fails(true), "{text}");
        }
    }

    #[test]
    fn an_answer_inside_of_a_success_is_no_failure() {
        for text in ["Ok(None)", "Some(None)", "Ok(_)", "x", "_", "Error::Full"] {
            assert!(!Names::of(&pattern(text)).fails(false), "{text}");
        }
        assert!(Names::of(&pattern("Poll::Ready(Ok(x))")).succeeds(true));
        assert!(Names::of(&pattern("Some(x)")).succeeds(false));
        assert!(!Names::of(&pattern("Some(x)")).succeeds(true));
    }

    #[test]
    fn what_is_left_is_taken_by_variables_and_wildcards() {
        assert!(["_", "x", "ref x", "(_)"].iter().all(|text| takes_all(&pattern(text))));
        assert!(["None", "FULL", "x @ 1", "Some(_)"].iter().all(|text| !takes_all(&pattern(text))));
    }
}
