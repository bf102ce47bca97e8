//! A thin block device, as a driver of the kernel's would be written: pages come when they are first written.
//!
//! This folder names nothing but `core` and the kernel's documented Rust API. Every function gives back what it took when it
//! fails, and leaves what was there before as it was.

mod extents;
mod queue;
mod ring;

use core::marker::PhantomPinned;
use core::sync::atomic::{AtomicU64, Ordering};

use kernel::prelude::*;

use extents::ExtentMap;
use queue::{Operation, Queue, Request};

/// Bytes of a sector.
pub(crate) const SECTOR: usize = 512;

/// Sectors that come at once when one of them is first written.
const CLUSTER: usize = 8;

type Cluster = KVec<u8>;

/// What a device is to be like.
pub(crate) struct Config<'a> {
    pub(crate) name: &'a str,
    /// Sectors that it says it has.
    pub(crate) sectors: u64,
    /// Requests that can be under way: a power of two.
    pub(crate) depth: usize,
}

/// What a device has done. The interrupt handler knows its address, so it does not move.
#[pin_data]
pub(crate) struct Counters {
    read: AtomicU64,
    written: AtomicU64,
    failed: AtomicU64,
    #[pin]
    pinned: PhantomPinned,
}

impl Counters {
    fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            read: AtomicU64::new(0),
            written: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            pinned: PhantomPinned,
        })
    }
}

/// How a request ended.
pub(crate) struct Completion {
    pub(crate) tag: u32,
    pub(crate) result: Result<KVec<u8>>,
}

/// A device.
pub(crate) struct Device {
    name: KVec<u8>,
    sectors: u64,
    /// Which clusters of the device lie where in `clusters`.
    map: ExtentMap,
    clusters: KVVec<Cluster>,
    queue: Queue,
    counters: Pin<KBox<Counters>>,
}

impl Device {
    fn new(config: &Config<'_>) -> Result<KBox<Device>> {
        if config.sectors == 0 || config.name.is_empty() {
            return Err(EINVAL);
        }
        let mut name = KVec::with_capacity(config.name.len(), GFP_KERNEL)?;
        name.extend_from_slice(config.name.as_bytes(), GFP_KERNEL)?;
        let device = Device {
            name,
            sectors: config.sectors,
            map: ExtentMap::new(),
            clusters: KVVec::new(),
            queue: Queue::new(config.depth)?,
            counters: KBox::pin_init(Counters::new(), GFP_KERNEL)?,
        };
        Ok(KBox::new(device, GFP_KERNEL)?)
    }

    pub(crate) fn name(&self) -> &[u8] {
        &self.name
    }

    /// Sectors read, sectors written, requests that failed.
    pub(crate) fn counts(&self) -> [u64; 3] {
        let Counters { read, written, failed, .. } = &*self.counters;
        [read, written, failed].map(|count| count.load(Ordering::Relaxed))
    }

    /// Bytes that the device has really got.
    pub(crate) fn size(&self) -> usize {
        self.clusters.len() * CLUSTER * SECTOR
    }

    fn contains(&self, sector: u64, count: usize) -> bool {
        sector.checked_add(count as u64).is_some_and(|end| end <= self.sectors)
    }

    /// Queues a write; its bytes are copied. Called where nobody may wait.
    pub(crate) fn write(&mut self, sector: u64, bytes: &[u8]) -> Result<u32> {
        if bytes.is_empty() || bytes.len() % SECTOR != 0 || !self.contains(sector, bytes.len() / SECTOR) {
            return Err(EINVAL);
        }
        let mut data = KVec::new();
        data.extend_from_slice(bytes, GFP_NOWAIT)?;
        self.queue.submit(Operation::Write { sector, data })
    }

    /// Queues a read. Called where nobody may wait.
    pub(crate) fn read(&mut self, sector: u64, count: usize) -> Result<u32> {
        if count == 0 || !self.contains(sector, count) {
            return Err(EINVAL);
        }
        self.queue.submit(Operation::Read { sector, count })
    }

    /// Does what is queued, in order, and tells how each request ended. Where there is no memory to tell that, the request
    /// stays queued.
    pub(crate) fn run(&mut self) -> Result<KVec<Completion>> {
        let mut done = KVec::with_capacity(self.queue.len(), GFP_KERNEL)?;
        while let Some(request) = self.queue.next() {
            let result = self.perform(&request);
            if result.is_err() {
                self.counters.failed.fetch_add(1, Ordering::Relaxed);
            }
            done.push_within_capacity(Completion { tag: request.tag, result })?;
            self.queue.complete(request);
        }
        Ok(done)
    }

    fn perform(&mut self, request: &Request) -> Result<KVec<u8>> {
        match &request.operation {
            Operation::Nothing => Err(EINVAL),
            Operation::Write { sector, data } => {
                for (number, bytes) in data.chunks(SECTOR).enumerate() {
                    let sector = sector + number as u64;
                    let cluster = self.cluster_or_new(sector / CLUSTER as u64)?;
                    let begin = (sector % CLUSTER as u64) as usize * SECTOR;
                    self.clusters[cluster][begin..begin + SECTOR].copy_from_slice(bytes);
                    self.counters.written.fetch_add(1, Ordering::Relaxed);
                }
                Ok(KVec::new())
            }
            Operation::Read { sector, count } => {
                let mut bytes = KVec::from_elem(0, count * SECTOR, GFP_KERNEL)?;
                for (number, bytes) in bytes.chunks_mut(SECTOR).enumerate() {
                    let sector = sector + number as u64;
                    if let Some(cluster) = self.map.lookup(sector / CLUSTER as u64) {
                        let begin = (sector % CLUSTER as u64) as usize * SECTOR;
                        bytes.copy_from_slice(&self.clusters[cluster as usize][begin..begin + SECTOR]);
                    }
                    self.counters.read.fetch_add(1, Ordering::Relaxed);
                }
                Ok(bytes)
            }
        }
    }

    /// Where a cluster is; if it is nowhere, it comes now.
    fn cluster_or_new(&mut self, number: u64) -> Result<usize> {
        if let Some(cluster) = self.map.lookup(number) {
            return Ok(cluster as usize);
        }
        let cluster = KVec::from_elem(0, CLUSTER * SECTOR, GFP_KERNEL)?;
        let place = self.clusters.len();
        self.clusters.push(cluster, GFP_KERNEL)?;
        if let Err(error) = self.map.insert(number, 1, place as u64, GFP_KERNEL) {
            // The map does not know of it, so nobody would find it again.
            self.clusters.pop();
            return Err(error);
        }
        Ok(place)
    }

    /// Forgets clusters, which read as zeroes from now on. Their memory comes back by [`Device::compact`].
    pub(crate) fn discard(&mut self, sector: u64, count: usize) -> Result {
        let cluster = CLUSTER as u64;
        if sector % cluster != 0 || count % CLUSTER != 0 || !self.contains(sector, count) {
            return Err(EINVAL);
        }
        self.map.remove(sector / cluster, count as u64 / cluster, GFP_KERNEL)
    }

    /// Gives the memory of forgotten clusters back: what is left moves together, in the order of the device.
    pub(crate) fn compact(&mut self) -> Result {
        let mut map = ExtentMap::with_capacity(self.map.len(), GFP_KERNEL)?;
        let mut order = KVVec::with_capacity(self.clusters.len(), GFP_KERNEL)?;
        for (number, place) in self.map.iter() {
            map.insert(number, 1, order.len() as u64, GFP_KERNEL)?;
            order.push_within_capacity(place as usize)?;
        }
        let mut clusters = KVVec::with_capacity(order.len(), GFP_KERNEL)?;
        // Nothing can fail from here on, so the old state may be taken to pieces.
        for place in order {
            clusters.push_within_capacity(core::mem::take(&mut self.clusters[place]))?;
        }
        (self.map, self.clusters) = (map, clusters);
        Ok(())
    }
}

/// The devices that are there.
pub(crate) struct Bus {
    devices: KVec<KBox<Device>>,
}

impl Bus {
    pub(crate) const fn new() -> Bus {
        Bus { devices: KVec::new() }
    }

    /// Makes a device and shows it to everybody; its number.
    pub(crate) fn probe(&mut self, config: &Config<'_>) -> Result<usize> {
        if self.devices.iter().any(|device| device.name() == config.name.as_bytes()) {
            return Err(EEXIST);
        }
        // Room before the device: a device that is shown to nobody would have to be taken down again.
        self.devices.reserve(1, GFP_KERNEL)?;
        self.devices.push_within_capacity(Device::new(config)?)?;
        Ok(self.devices.len() - 1)
    }

    pub(crate) fn device(&mut self, number: usize) -> Result<&mut Device> {
        self.devices.get_mut(number).map(|device| &mut **device).ok_or(ENODEV)
    }

    /// Takes a device away.
    pub(crate) fn remove(&mut self, number: usize) -> Result<KBox<Device>> {
        self.devices.remove(number).map_err(|_| ENODEV)
    }
}
