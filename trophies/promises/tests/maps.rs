//! Maps and queues that promise an error: after it they are as they were.

#[test]
fn hashbrown_reserves() {
    let mut m: hashbrown::HashMap<u32, u32> = Default::default();
    for n in 0..60 {
        let before = m.len();
        if m.try_reserve(1).is_err() {
            assert_eq!(m.len(), before);
            continue;
        }
        m.insert(n, n);
    }
    for k in 0..60 {
        if let Some(v) = m.get(&k) {
            assert_eq!(*v, k);
        }
    }
    let mut t: hashbrown::HashTable<u32> = hashbrown::HashTable::new();
    for n in 0..30u32 {
        if t.try_reserve(1, |x| *x as u64).is_err() {
            continue;
        }
        t.insert_unique(n as u64, n, |x| *x as u64);
    }
    let mut s: hashbrown::HashSet<u32> = Default::default();
    let _ = s.try_reserve(10);
}

#[test]
fn indexmap_ordermap_reserve() {
    let mut m: indexmap::IndexMap<u32, u32> = Default::default();
    for n in 0..60 {
        let before = m.len();
        if m.try_reserve(1).is_err() {
            assert_eq!(m.len(), before);
            continue;
        }
        m.insert(n, n);
    }
    let _ = m.try_reserve_exact(900);
    let mut i = 0;
    for (k, v) in &m {
        assert!(k == v && *k >= i);
        i = *k;
    }
    let mut s: ordermap::OrderSet<u32> = Default::default();
    for n in 0..60 {
        if s.try_reserve(1).is_ok() {
            s.insert(n);
        }
    }
    let _ = s.try_reserve_exact(900);
}

#[test]
fn hashlink_reserves() {
    let mut m: hashlink::LinkedHashMap<u32, u32> = Default::default();
    for k in [1, 5, 40, 200] {
        let _ = m.try_reserve(k);
    }
    assert!(m.is_empty());
}

#[test]
fn hashlink_inserts_what_it_reserved() {
    let mut m: hashlink::LinkedHashMap<u32, u32> = Default::default();
    if m.try_reserve(4).is_err() {
        return;
    }
    for k in 0..4 {
        m.insert(k, k);
    }
}

#[test]
fn dashmap_reserves() {
    let mut m: dashmap::DashMap<u32, u32> = dashmap::DashMap::with_shard_amount(2);
    for k in [1, 5, 40, 200] {
        let _ = m.try_reserve(k);
        m.insert(k as u32, 3);
    }
    for k in [1, 5, 40, 200] {
        assert_eq!(*m.get(&k).unwrap(), 3);
    }
}

#[test]
#[allow(deprecated)]
fn slotmaps_reserve() {
    use slotmap::*;
    let mut m: SlotMap<DefaultKey, u32> = SlotMap::new();
    let mut d: DenseSlotMap<DefaultKey, u32> = DenseSlotMap::new();
    let mut h: HopSlotMap<DefaultKey, u32> = HopSlotMap::new();
    let mut s: SecondaryMap<DefaultKey, u32> = SecondaryMap::new();
    let mut p: SparseSecondaryMap<DefaultKey, u32> = SparseSecondaryMap::new();
    for n in 0..20 {
        if m.try_reserve(1).is_ok() {
            let k = m.insert(n);
            assert_eq!(m[k], n);
            if s.try_set_capacity(m.capacity()).is_ok() {
                s.insert(k, 1);
            }
            if p.try_reserve(1).is_ok() {
                p.insert(k, 1);
            }
        }
        if d.try_reserve(1).is_ok() {
            let k = d.insert(n);
            assert_eq!(d[k], n);
        }
        if h.try_reserve(1).is_ok() {
            let k = h.insert(n);
            assert_eq!(h[k], n);
        }
    }
}

#[test]
fn priority_queue_reserves() {
    let mut q: priority_queue::PriorityQueue<u32, u32> = Default::default();
    for n in 0..30 {
        if q.try_reserve(1).is_ok() {
            q.push(n, n);
        }
        let _ = q.try_reserve_exact(2);
    }
    let mut last = u32::MAX;
    while let Some((n, _)) = q.pop() {
        assert!(n < last);
        last = n;
    }
    let mut q: priority_queue::DoublePriorityQueue<u32, u32> = Default::default();
    for n in 0..30 {
        if q.try_reserve(1).is_ok() {
            q.push(n, n);
        }
    }
}

struct User(String, u32);

impl iddqd::IdHashItem for User {
    type Key<'a> = &'a str;
    fn key(&self) -> &str {
        &self.0
    }
    iddqd::id_upcast!();
}

impl iddqd::BiHashItem for User {
    type K1<'a> = &'a str;
    type K2<'a> = u32;
    fn key1(&self) -> &str {
        &self.0
    }
    fn key2(&self) -> u32 {
        self.1
    }
    iddqd::bi_upcast!();
}

#[test]
fn iddqd_reserves() {
    let users: Vec<User> = (0..30).map(|n| User(n.to_string(), n)).collect();
    let mut m = iddqd::IdHashMap::<User>::new();
    let mut b = iddqd::BiHashMap::<User>::new();
    for (n, u) in users.into_iter().enumerate() {
        let before = m.len();
        if n % 2 == 0 {
            if m.try_reserve(1).is_err() {
                assert_eq!(m.len(), before);
                continue;
            }
            let _ = m.insert_unique(u);
        } else {
            if b.try_reserve(1).is_err() {
                continue;
            }
            let _ = b.insert_unique(u);
        }
    }
    let n = m.iter().count();
    assert_eq!(n, m.len());
}
