//! The words that arguments take, and the nearest one to a word that is none of them.

/// Words with what they stand for.
pub(crate) type Words = &'static [(&'static str, &'static str)];

/// The arguments of `#[firsthit::test]`, with the form that each is written in.
pub(crate) const ARGUMENTS: Words = &[
    ("explorer", r#"explorer = "worker""#),
    ("mode", r#"mode = "sticky""#),
    ("depth", "depth = 2"),
    ("workers", "workers = 4"),
    ("time_limit", r#"time_limit = "500ms""#),
    ("chains_max", "chains_max = 100_000"),
    ("deny", "deny(aborted)"),
    ("allow", r#"allow("path::of::a_function", reason = "why it may stay")"#),
    ("expect", "expect(|result| matches!(result, Err(Error::NoMemory)))"),
    ("crate", "crate = some::path::firsthit"),
];

/// The arguments of `#[firsthit::instrument]`, with the form that each is written in.
pub(crate) const INSTRUMENT_ARGUMENTS: Words = &[
    ("calls", r#"calls("my_alloc", "Pool::get")"#),
    ("skip", r#"skip("try_push", "map_err", "?")"#),
    ("crate", "crate = some::path::firsthit"),
];

/// The words for recovery arms, with the variants of `firsthit::__private::Kind`.
pub(crate) const ARMS: Words = &[
    ("?", "Question"),
    ("match", "MatchArm"),
    ("if let", "IfLet"),
    ("if let else", "IfLetElse"),
    ("if let without else", "NoElse"),
    ("let else", "LetElse"),
    ("map_err", "MapErr"),
    ("ok_or", "OkOr"),
    ("ok_or_else", "OkOrElse"),
    ("or_else", "OrElse"),
    ("unwrap_or", "UnwrapOr"),
    ("unwrap_or_else", "UnwrapOrElse"),
    ("unwrap_or_default", "UnwrapOrDefault"),
    ("ok", "Ok"),
    ("is_err", "IsErr"),
    ("is_none", "IsNone"),
    ("is_null", "IsNull"),
    ("let _", "LetUnderscore"),
];

/// The variants of `firsthit::Explorer`.
pub(crate) const EXPLORERS: Words =
    &[("worker", "Worker"), ("snapshot", "Snapshot"), ("process", "Process"), ("inline", "Inline")];

/// The variants of `firsthit::Mode`.
pub(crate) const MODES: Words = &[("once", "Once"), ("sticky", "Sticky"), ("forbid", "Forbid")];

/// The variants of `firsthit::Verdict`.
pub(crate) const VERDICTS: Words = &[
    ("recovered", "Recovered"),
    ("absorbed", "Absorbed"),
    ("swallowed", "Swallowed"),
    ("aborted", "Aborted"),
    ("panicked", "Panicked"),
    ("crashed", "Crashed"),
    ("hung", "Hung"),
    ("leaked", "Leaked"),
    ("corrupted", "Corrupted"),
    ("allocated", "Allocated"),
    ("unusable", "Unusable"),
    ("unstable", "Unstable"),
    ("unreached", "Unreached"),
];

/// The verdicts that are no reason to fail a test.
pub(crate) const GOOD_VERDICTS: [&str; 2] = ["recovered", "absorbed"];

/// The named arguments of `#[firsthit::injectable]`, with the form that each is written in.
pub(crate) const INJECTABLE: Words = &[
    ("errno", "errno = ENOSPC"),
    ("io", "io = [StorageFull, Interrupted]"),
    ("crate", "crate = some::path::firsthit"),
];

/// The failures of `#[firsthit::injectable]` that are one word.
pub(crate) const FAILURES: &[&str] = &["null", "None"];

/// The names in `firsthit::__private::errno`.
pub(crate) const ERRNOS: &[&str] = &[
    "E2BIG",
    "EACCES",
    "EADDRINUSE",
    "EADDRNOTAVAIL",
    "EAFNOSUPPORT",
    "EAGAIN",
    "EALREADY",
    "EBADF",
    "EBUSY",
    "ECANCELED",
    "ECONNABORTED",
    "ECONNREFUSED",
    "ECONNRESET",
    "EDEADLK",
    "EDESTADDRREQ",
    "EDOM",
    "EDQUOT",
    "EEXIST",
    "EFAULT",
    "EFBIG",
    "EHOSTUNREACH",
    "EINPROGRESS",
    "EINTR",
    "EINVAL",
    "EIO",
    "EISCONN",
    "EISDIR",
    "ELOOP",
    "EMFILE",
    "EMLINK",
    "EMSGSIZE",
    "ENAMETOOLONG",
    "ENETDOWN",
    "ENETRESET",
    "ENETUNREACH",
    "ENFILE",
    "ENOBUFS",
    "ENODEV",
    "ENOENT",
    "ENOLCK",
    "ENOMEM",
    "ENOPROTOOPT",
    "ENOSPC",
    "ENOSYS",
    "ENOTCONN",
    "ENOTDIR",
    "ENOTEMPTY",
    "ENOTSOCK",
    "ENOTSUP",
    "ENOTTY",
    "ENXIO",
    "EOPNOTSUPP",
    "EOVERFLOW",
    "EPERM",
    "EPIPE",
    "EPROTO",
    "EPROTONOSUPPORT",
    "EPROTOTYPE",
    "ERANGE",
    "EROFS",
    "ESPIPE",
    "ESRCH",
    "ESTALE",
    "ETIMEDOUT",
    "ETXTBSY",
    "EWOULDBLOCK",
    "EXDEV",
];

/// The variants of `std::io::ErrorKind`.
pub(crate) const IO_KINDS: &[&str] = &[
    "AddrInUse",
    "AddrNotAvailable",
    "AlreadyExists",
    "ArgumentListTooLong",
    "BrokenPipe",
    "ConnectionAborted",
    "ConnectionRefused",
    "ConnectionReset",
    "CrossesDevices",
    "Deadlock",
    "DirectoryNotEmpty",
    "ExecutableFileBusy",
    "FileTooLarge",
    "HostUnreachable",
    "Interrupted",
    "InvalidData",
    "InvalidFilename",
    "InvalidInput",
    "IsADirectory",
    "NetworkDown",
    "NetworkUnreachable",
    "NotADirectory",
    "NotConnected",
    "NotFound",
    "NotSeekable",
    "Other",
    "OutOfMemory",
    "PermissionDenied",
    "QuotaExceeded",
    "ReadOnlyFilesystem",
    "ResourceBusy",
    "StaleNetworkFileHandle",
    "StorageFull",
    "TimedOut",
    "TooManyLinks",
    "UnexpectedEof",
    "Unsupported",
    "WouldBlock",
    "WriteZero",
];

/// The known name that `word` was most likely meant to be, in whatever case, if one is near.
pub(crate) fn nearest_name(word: &str, known: &[&'static str]) -> Option<&'static str> {
    let word = word.to_lowercase();
    let measured = known.iter().map(|known| (distance(&word, &known.to_lowercase()), *known));
    let (distance, nearest) = measured.min_by_key(|(distance, _)| *distance)?;
    (distance <= (nearest.len() / 3).max(1)).then_some(nearest)
}

/// The known word that `word` was most likely meant to be, if one is near.
pub(crate) fn nearest(word: &str, known: Words) -> Option<&'static str> {
    let word = word.to_lowercase();
    let measured = known.iter().map(|(known, _)| (distance(&word, known), *known));
    let (distance, nearest) = measured.min_by_key(|(distance, _)| *distance)?;
    // A third of the letters may be wrong, and one of a short word.
    (distance <= (nearest.len() / 3).max(1)).then_some(nearest)
}

/// How many letters must be added, removed, changed or swapped with their neighbour to make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::{ARGUMENTS, ARMS, EXPLORERS, GOOD_VERDICTS, MODES, VERDICTS, distance, nearest};
    use firsthit::__private::Kind;
    use firsthit::{Explorer, Mode, Verdict};

    #[test]
    fn words_and_variants_are_firsthits() {
        let explorers = EXPLORERS.iter().map(|(word, name)| (format!("{:?}", word.parse::<Explorer>()), *name));
        let modes = MODES.iter().map(|(word, name)| (format!("{:?}", word.parse::<Mode>()), *name));
        for (parsed, name) in explorers.chain(modes) {
            assert_eq!(parsed, format!("Ok({name})"));
        }
        let verdicts = Verdict::ALL.map(|verdict| (verdict.to_string(), format!("{verdict:?}")));
        assert!(verdicts.iter().map(|(word, name)| (&**word, &**name)).eq(VERDICTS.iter().copied()));
        let good = Verdict::ALL.into_iter().filter(|verdict| verdict.is_good());
        assert!(good.map(Verdict::as_str).eq(GOOD_VERDICTS));
        let refused = "?".parse::<Explorer>().unwrap_err().to_string() + &"?".parse::<Mode>().unwrap_err().to_string();
        assert_eq!(refused.matches(", ").count(), EXPLORERS.len() - 1 + MODES.len() - 1, "{refused}");
    }

    #[test]
    fn every_kind_of_arm_has_a_word() {
        let arms = Kind::ALL.into_iter().filter(|kind| !kind.is_site());
        assert!(arms.map(|kind| format!("{kind:?}")).eq(ARMS.iter().map(|(_, kind)| (*kind).to_owned())));
    }

    #[test]
    fn a_slip_finds_the_word_that_was_meant() {
        let meant = [
            ("explorers", "explorer"),
            ("timelimit", "time_limit"),
            ("timeout_limit", "time_limit"),
            ("max_chains", ""),
            ("Depth", "depth"),
            ("dpeth", "depth"),
            ("worker", "workers"),
            ("x", ""),
            ("ignore", ""),
        ];
        for (word, expected) in meant {
            assert_eq!(nearest(word, ARGUMENTS).unwrap_or_default(), expected, "{word}");
        }
        assert_eq!(nearest("x", &[]), None);
    }

    #[cfg(unix)]
    #[test]
    fn the_errnos_are_firsthits() {
        assert_eq!(super::ERRNOS, firsthit::__private::errno::ALL);
    }

    #[test]
    fn names_are_found_in_whatever_case() {
        let near = |word| super::nearest_name(word, super::IO_KINDS).unwrap_or_default();
        assert_eq!([near("storage_full"), near("StorageFul"), near("zzz")], ["StorageFull", "StorageFull", ""]);
    }

    #[test]
    fn the_distance_counts_slips() {
        let pairs = [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("once", "onse", 1),
            ("once", "ones", 2),
            ("hugn", "hung", 1),
            ("ab", "ba", 1),
        ];
        for (a, b, slips) in pairs {
            assert_eq!(distance(a, b), slips, "{a} {b}");
        }
    }
}
