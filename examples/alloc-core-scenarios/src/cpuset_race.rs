//! A job's memory nodes are moved while one of its tasks looks for a page: every node was allowed at some time, and none when
//! it was looked at.

use alloc_core::{
    AllocError, Gfp, Machine, MachineBuilder, MemsStep, MoveKind, NodeId, NodeMask, NodePages, Order, PageBlock,
    Policy, Request, Step, TaskId, TaskOptions, WaitFor,
};

/// Pages of each node.
const NODE_PAGES: u32 = 256;
/// The nodes that a job is moved between.
const NODES: [NodeId; 2] = [NodeId(0), NodeId(1)];

/// A machine of a cluster: two memory nodes.
pub fn description(policy: Policy) -> MachineBuilder {
    let node = || NodePages::new(NODE_PAGES);
    Machine::builder().node(node()).node(node()).min_free_pages(32).policy(policy)
}

/// When the manager of the cluster moves the job: after so many steps of the request its new node is added, and after so
/// many more the old one is taken away. A request that ends sooner is not disturbed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// Steps before the new node is added.
    pub add_after: usize,
    /// Steps between that and the end of the move.
    pub take_after: usize,
}

impl Schedule {
    /// Every schedule with at most so many steps in each part.
    pub fn all(steps_max: usize) -> impl Iterator<Item = Schedule> {
        let each = move || 0..=steps_max;
        each().flat_map(move |add_after| each().map(move |take_after| Schedule { add_after, take_after }))
    }
}

/// A job of one task, and somebody else on the machine.
#[derive(Debug)]
pub struct Job<'m> {
    machine: &'m Machine,
    task: TaskId,
}

#[cfg_attr(test, firsthit::instrument(calls("grow", "request", "to_the_last_look", "raced")))]
impl<'m> Job<'m> {
    /// Starts the job on node 0, beside a task with a few pages.
    ///
    /// # Errors
    /// If there are no pages.
    pub fn start(machine: &'m Machine) -> Result<Job<'m>, AllocError> {
        let bystander = machine.spawn(TaskOptions::named("bystander"));
        machine.grow(bystander, 10)?;
        let mems = NodeMask::of(&[NODES[0]]);
        let task = machine.spawn(TaskOptions { mems, node: NODES[1], ..TaskOptions::named("job") });
        Ok(Job { machine, task })
    }

    /// A page for the job, while the job is moved from node 0 to node 1 on this schedule. Before the last look of the request
    /// both nodes are full; then memory comes free on both.
    ///
    /// # Errors
    /// Those of a request for a page.
    pub fn fault_in(&self, schedule: Schedule) -> Result<PageBlock<'m>, AllocError> {
        let request = self.to_the_last_look()?;
        self.raced(request, schedule)
    }

    fn to_the_last_look(&self) -> Result<Request<'m>, AllocError> {
        let _full = NODES.map(|node| self.machine.exhaust(node, 0));
        let mut request = self.machine.request(self.task, None, Order::ZERO, Gfp::USER)?;
        let passes = self.machine.stats().direct_passes;
        // A pass of reclaim that gains nothing, and the decision to go to the killer's door.
        while self.machine.stats().direct_passes == passes {
            #[cfg_attr(
                test,
                firsthit::untested(reason = "a request that is under way waits or is served; none fails here")
            )]
            if let Step::Done(Err(error)) = request.step() {
                return Err(error);
            }
        }
        let _ = request.step();
        Ok(request)
    }

    fn raced(&self, mut request: Request<'m>, schedule: Schedule) -> Result<PageBlock<'m>, AllocError> {
        let to = NodeMask::of(&[NODES[1]]);
        let mut moving = self.machine.move_nodes(self.task, to, MoveKind::ExpandThenShrink);
        let (add_at, take_at) = (schedule.add_after, schedule.add_after + schedule.take_after);
        let (mut steps, mut moved) = (0, 0);
        loop {
            while moved < 2 && steps >= [add_at, take_at][moved] {
                moved += 1;
                let done = |step| step == Some(MemsStep::Expanded) && moved == 1;
                while let step @ Some(_) = moving.step()
                    && !done(step)
                {}
            }
            steps += 1;
            match request.step() {
                Step::Next => {}
                // A request that waits for the end of the move lets it come.
                Step::Wait(WaitFor::NodesMove) => steps = steps.max(take_at),
                Step::Wait(_) => {
                    self.machine.background();
                }
                Step::Done(result) => return result,
            }
        }
    }
}

/// What came of all schedules on machines with one policy.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Explored {
    /// Schedules that were run.
    pub schedules: u64,
    /// Those on which somebody was killed although an allowed node had memory.
    pub premature_kills: u64,
    /// Those on which the request looked again, because the nodes had moved.
    pub looked_again: u64,
}

/// Runs every schedule of up to `steps_max` steps in each part, each on a machine of its own.
///
/// # Errors
/// If a machine or its job cannot be made.
pub fn explore(mems_retry: bool, steps_max: usize) -> Result<Explored, AllocError> {
    let mut explored = Explored::default();
    for schedule in Schedule::all(steps_max) {
        let policy = Policy { mems_retry, ..Policy::kernel() };
        let machine = description(policy).build().map_err(|_| AllocError::NoMemory)?;
        let job = Job::start(&machine)?;
        drop(job.fault_in(schedule));
        let stats = machine.stats();
        explored.schedules += 1;
        explored.premature_kills += u64::from(stats.premature_kills > 0);
        explored.looked_again += u64::from(stats.mems_restarts > 0);
    }
    Ok(explored)
}
