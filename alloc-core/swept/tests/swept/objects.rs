//! Caches of objects, their prefilled lists, and pools with a reserve.

use alloc_core_swept::{CacheOptions, Gfp, Mempool, Order, PoolStep};

use firsthit::invariant;

use super::sweep;

#[test]
fn a_cache_gives_objects_one_by_one_and_in_advance() {
    sweep(512, |machine| {
        let cache = machine.cache(CacheOptions::new("inode", 600))?;
        let objects: Result<Vec<_>, _> = (0..20).map(|_| cache.alloc(Gfp::KERNEL)).collect();
        let prefilled = cache.prefill(12, Gfp::KERNEL).map(|mut ready| {
            let taken: Vec<_> = std::iter::from_fn(|| ready.take()).collect();
            invariant("what is ready cannot fail", taken.len() == 12);
        });
        let raw = cache.alloc_raw(Gfp::KERNEL).map(|raw| {
            // SAFETY: the object was just made, and nobody uses it.
            unsafe { cache.free(raw.as_ptr()) }
        });
        let objects = objects.map(drop);
        invariant("an unused cache can go", cache.destroy().is_ok());
        objects?;
        prefilled?;
        Ok(raw??)
    });
}

#[test]
fn a_typed_cache_gives_values() {
    sweep(512, |machine| {
        let cache = machine.typed_cache::<[u64; 9]>(CacheOptions::new("extent", 0))?;
        let (first, second) = (cache.alloc([1; 9], Gfp::KERNEL), cache.alloc_with(Gfp::KERNEL, || [2; 9]));
        let sum: u64 = first?.iter().chain(second?.into_inner().iter()).sum();
        invariant("values are what they were made of", sum == 27);
        Ok(cache.destroy()?)
    });
}

#[test]
fn a_pool_is_made_whole_and_resized_or_not() {
    sweep(512, |machine| {
        let pool = Mempool::new(machine, 4, Order::new(1))?;
        let resized = pool.resize(9);
        invariant("a pool is resized or not", matches!((resized, pool.size()), (Ok(()), 9) | (Err(_), 4)));
        // With a reserve, none of these fails.
        let held: Vec<_> = (0..4).filter_map(|_| pool.alloc(Gfp::NOIO).ok()).collect();
        invariant("a pool gives what it has in reserve", held.len() == 4);
        drop(held);
        pool.alloc_bulk(3, Gfp::KERNEL)?;
        let mut request = pool.request(Gfp::NOIO)?;
        let block = loop {
            if let PoolStep::Done(result) = request.step() {
                break result?;
            }
        };
        drop(block);
        pool.resize(2)?;
        Ok(resized?)
    });
}

#[test]
fn pools_of_objects_and_of_bytes_have_their_reserves() {
    sweep(512, |machine| {
        let cache = machine.cache(CacheOptions::new("bio", 200))?;
        let (objects, bytes) = (Mempool::of_objects(&cache, 6)?, Mempool::of_kmalloc(machine, 3, 300)?);
        let all = (objects.alloc_bulk(6, Gfp::NOIO)?, bytes.alloc(Gfp::NOIO)?);
        invariant("a pool gives what was asked for", (all.0.len(), all.1.bytes().len()) == (6, 300));
        drop(all);
        drop(objects);
        Ok(cache.destroy()?)
    });
}
