//! Forms of `async` code.

crate::compare::forms! {
    questions_behind_awaits {
        async fn inner(input: u32) -> Result<u32, Failed> {
            let first = later(input).await?;
            let second = later(input >> 1).await.map_err(|_| Failed("second"))?;
            Ok(first.number() + second.number())
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", block_on(inner(input))) }
    } [
        "inner: oXoX Question later(input).await?"
        "inner: o-X- MapErr later(input >> 1).await.map_err(|_| Failed(\"second\"))"
        "inner: o-X- Question later(input >> 1).await.map_err(|_| Failed(\"second\"))?"
    ]

    await_inside_of_a_site {
        async fn inner(input: u32) -> Result<u32, Full> {
            let mut store = Store::default();
            store.try_push(later(input).await?.number() >> 1)?;
            Ok(try_box(match later(input).await { Ok(held) => held.number(), Err(full) => return Err(full) })?.number())
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", block_on(inner(input))) }
    } [
        "inner: oooo Site store.try_push(later(input).await?.number() >> 1)"
        "inner: oXoX Question later(input).await?"
        "inner: o-X- Question store.try_push(later(input).await?.number() >> 1)? <- 0"
        "inner: o--- Site try_box(match later(input).await {…})"
        "inner: o--- MatchArm Err(full)"
        "inner: o--- Question try_box(match later(input).await {…})? <- 3"
    ]

    futures_that_are_sent {
        use std::cell::Cell;
        fn sent<T: Send>(future: T) -> T { future }
        async fn inner(input: u32) -> Result<u32, Failed> {
            let cell = Some(Cell::new(input));
            let number = cell.ok_or(Failed("none")).map_err(|_| Failed("never"))?.get();
            let result: Result<Cell<u32>, Full> = Ok(Cell::new(number));
            let held = later(result.map_err(|_| Failed("cell"))?.get()).await?;
            match later(input).await {
                Ok(other) => Ok(other.number() + held.number()),
                Err(_) => Ok(later(input >> 1).await?.number()),
            }
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", block_on(sent(inner(input)))) }
    } [
        "inner: oooo MapErr cell.ok_or(Failed(\"none\")).map_err(|_| Failed(\"never\"))"
        "inner: oooo Question cell.ok_or(Failed(\"none\")).map_err(|_| Failed(\"never\"))?"
        "inner: oooo MapErr result.map_err(|_| Failed(\"cell\"))"
        "inner: oooo Question result.map_err(|_| Failed(\"cell\"))?"
        "inner: oXoX Question later(result.map_err(|_| Failed(\"cell\"))?.get()).await?"
        "inner: o-o- MatchArm Err(_)"
        "inner: ---- Question later(input >> 1).await?"
    ]

    async_blocks_and_closures {
        struct Service;
        impl Service {
            async fn call(&self, n: u32) -> Result<u32, Full> { Ok(later(n).await?.number()) }
        }
        pub(crate) fn run(input: u32) -> String {
            let block = async move {
                let Ok(held) = later(input).await else { return Err(Failed("else")) };
                Ok(held.number() + Service.call(input >> 1).await?)
            };
            let closure = async |n: u32| Ok::<_, Full>(later(n).await?.number());
            format!("{:?} {:?}", block_on(block), block_on(closure(input)))
        }
    } [
        "Service::call: o-X- Question later(n).await?"
        "oXoX LetElse let Ok(held) = later(input).await"
        "o-X- Question Service.call(input >> 1).await?"
        "oXoX Question later(n).await?"
    ]

    site_that_is_awaited {
        async fn try_new_later(n: u32) -> Result<Held, Full> { later(n).await }
        async fn inner(input: u32) -> Result<u32, Full> {
            let held = try_new_later(input).await?;
            if let Err(full) = try_new_later(input >> 1).await { return Err(full) }
            Ok(held.number())
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", block_on(inner(input))) }
    } [
        "inner: oooo Site try_new_later(input)"
        "inner: oXoX Question try_new_later(input).await? <- 0"
        "inner: o-o- Site try_new_later(input >> 1)"
        "inner: o-X- IfLet let Err(full) = try_new_later(input >> 1).await <- 2"
    ]
}
