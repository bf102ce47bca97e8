//! The write-out of dirty pages over a network, which needs memory to make memory free: "NOFS is guaranteed never to fail".

use alloc_core::{AllocError, Gfp, Machine, Mempool, Order, PageBlock, PoolBlock};

/// Requests that may be on their way at a time.
const IN_FLIGHT_MAX: usize = 4;

/// Where a write finds memory for its request.
#[derive(Debug)]
pub enum Requests<'m> {
    /// The machine, asked with NOFS and trusted not to fail.
    Trusting(&'m Machine),
    /// A pool with a reserve of its own.
    Pooled(Mempool<'m>),
}

/// A request on its way to the server.
#[derive(Debug)]
enum Sent<'r, 'm> {
    Trusting { _block: PageBlock<'m>, page: u64 },
    Pooled { _block: PoolBlock<'r, 'm>, page: u64 },
}

impl Sent<'_, '_> {
    fn page(&self) -> u64 {
        let (Sent::Trusting { page, .. } | Sent::Pooled { page, .. }) = self;
        *page
    }
}

/// The server: it has what was acknowledged.
#[derive(Debug, Default)]
pub struct Server {
    pages: Vec<u64>,
}

impl Server {
    /// A server that can take so many pages.
    pub fn with_room_for(pages: usize) -> Server {
        Server { pages: Vec::with_capacity(pages) }
    }

    /// The pages that it has, in the order of their arrival.
    pub fn pages(&self) -> &[u64] {
        &self.pages
    }
}

#[cfg_attr(test, firsthit::instrument(calls("alloc", "Mempool::new", "send")))]
impl<'m> Requests<'m> {
    /// A pool that holds a block for each request that may be on its way: none of them ever waits for one that waits itself.
    ///
    /// # Errors
    /// If that much is not to be had now, which is the time to say so.
    pub fn pooled(machine: &'m Machine) -> Result<Requests<'m>, AllocError> {
        Ok(Requests::Pooled(Mempool::new(machine, IN_FLIGHT_MAX, Order::ZERO)?))
    }

    /// Writes dirty pages to the server, a few at a time; how many it has then.
    ///
    /// Called by reclaim, to which a failure is of no use: the pages stay dirty, and no memory comes free.
    ///
    /// # Errors
    /// Those of the pool: none, unless the machine itself has stopped.
    pub fn write_out(&self, dirty: &[u64], server: &mut Server) -> Result<usize, AllocError> {
        // On the stack, as everything here that is not a request.
        let mut flight: [Option<Sent<'_, 'm>>; IN_FLIGHT_MAX] = [const { None }; IN_FLIGHT_MAX];
        for (number, page) in dirty.iter().enumerate() {
            let place = &mut flight[number % IN_FLIGHT_MAX];
            acknowledge(place.take(), server);
            #[cfg_attr(test, firsthit::untested(reason = "a pool gives everybody a block who can wait"))]
            let sent = self.send(*page)?;
            *place = Some(sent);
        }
        // The oldest first.
        let oldest = dirty.len() % IN_FLIGHT_MAX;
        flight.rotate_left(oldest);
        flight.into_iter().for_each(|sent| acknowledge(sent, server));
        Ok(server.pages.len())
    }

    fn send(&self, page: u64) -> Result<Sent<'_, 'm>, AllocError> {
        match self {
            Requests::Trusting(machine) => {
                let mut block = machine.alloc_pages(Order::ZERO, Gfp::NOFS).expect("NOFS never fails");
                block.bytes_mut()[..8].copy_from_slice(&page.to_le_bytes());
                Ok(Sent::Trusting { _block: block, page })
            }
            Requests::Pooled(pool) => {
                #[cfg_attr(test, firsthit::untested(reason = "a pool gives everybody a block who can wait"))]
                let mut block = pool.alloc(Gfp::NOFS)?;
                block.bytes_mut()[..8].copy_from_slice(&page.to_le_bytes());
                Ok(Sent::Pooled { _block: block, page })
            }
        }
    }
}

/// The server has answered: the request's memory is free again.
fn acknowledge(sent: Option<Sent<'_, '_>>, server: &mut Server) {
    if let Some(sent) = sent {
        server.pages.push(sent.page());
    }
}
