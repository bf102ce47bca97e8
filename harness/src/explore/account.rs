//! What a run kept: the account of live allocations, held against what runs without a failure keep.

use std::sync::atomic::Ordering::Relaxed;

use super::held::Held;
use super::session::Session;
use crate::memory::campaign::Campaign;
use crate::memory::live::LIVE;
use crate::memory::record::{Chain, Leak};
use crate::scope::armed::{arm, disarm};

/// Starts an account, which goes on when the body is over: what its threads free then is seen, too.
pub(crate) fn open_account() {
    arm();
    LIVE.open();
}

/// Ends the account of a run: what is alive, once threads beyond the test's own had the time to free their part.
pub(crate) fn close_account(session: &Session<'_>, before: &Held) -> Vec<Leak> {
    before.wait_for_memory(|| beyond_baseline(session.campaign, &LIVE.kept()).is_empty());
    let kept = LIVE.close();
    disarm();
    kept
}

/// What `kept` has beyond `clean`, chain by chain.
pub(crate) fn more_than(kept: &[Leak], clean: &[Leak]) -> Vec<Leak> {
    let surplus = kept.iter().filter_map(|leak| {
        let usual = clean.iter().find(|usual| usual.chain == leak.chain).copied().unwrap_or_default();
        let more = leak.count > usual.count || leak.bytes > usual.bytes;
        more.then(|| Leak {
            count: leak.count.saturating_sub(usual.count).max(1),
            bytes: leak.bytes.saturating_sub(usual.bytes),
            ..*leak
        })
    });
    surplus.collect()
}

/// What `kept` has beyond what the first run without a failure keeps: lazily made values that stay for good.
pub(crate) fn beyond_baseline(campaign: &Campaign, kept: &[Leak]) -> Vec<Leak> {
    let usual: Vec<Leak> = kept.iter().map(|leak| retained(campaign.chains(), leak.chain)).collect();
    more_than(kept, &usual)
}

fn retained(chains: &[Chain], number: u32) -> Leak {
    let chain = chains.get(number as usize);
    let count = chain.map_or(0, |chain| chain.retained.load(Relaxed));
    Leak { chain: number, count, bytes: if count > 0 { u64::MAX } else { 0 } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_clean_run_does_not_keep_is_a_leak() {
        let leak = |chain, count, bytes| Leak { chain, count, bytes };
        let kept = [leak(1, 2, 20), leak(2, 1, 10), leak(3, 1, 64)];
        let clean = [leak(1, 1, 10), leak(2, 1, 10)];
        let leaks: Vec<_> = more_than(&kept, &clean).iter().map(|l| (l.chain, l.count, l.bytes)).collect();
        assert_eq!(leaks, [(1, 1, 10), (3, 1, 64)]);
    }
}
