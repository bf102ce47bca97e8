//! Forms of calls that can fail.

crate::compare::forms! {
    calls_of_functions_and_methods {
        struct Caller;
        impl Caller {
            fn try_box(n: u32) -> Result<Held, Full> { try_box(n) }
            fn call(input: u32) -> String {
                let mut store = Store::default();
                let first = store.try_push(input).copied();
                let second = Self::try_box(input >> 1);
                format!("{first:?} {second:?}")
            }
        }
        pub(crate) fn run(input: u32) -> String { Caller::call(input) }
    } [
        "Caller::try_box: oooo Site try_box(n)"
        "Caller::call: oooo Site store.try_push(input)"
        "Caller::call: oooo Site Self::try_box(input >> 1)"
    ]

    call_that_borrows_twice_in_two_phases {
        pub(crate) fn run(input: u32) -> String {
            let mut store = Store::default();
            let first = store.try_push(input + store.len()).is_ok();
            *store.try_push(store.len() & 6).unwrap() += 1;
            format!("{first} {store:?}")
        }
    } [
        "oooo Site store.try_push(input + store.len())"
        "oooo Site store.try_push(store.len() & 6)"
    ]

    call_that_lends_a_temporary {
        struct Lender(Held);
        impl Lender {
            fn try_to_lend(&self) -> Result<&u32, Full> { parse(self.0.number()).map(|_| self.0.borrow()) }
        }
        pub(crate) fn run(input: u32) -> String {
            let sum = Lender(Held(input)).try_to_lend().map_or(9, |n| *n) + { log("between"); 1 };
            log("behind");
            sum.to_string()
        }
    } [
        "oooo Site Lender(Held(input)).try_to_lend()"
    ]

    call_whose_value_is_extended {
        pub(crate) fn run(input: u32) -> String {
            let held = &try_box(input);
            log("between");
            let text = format!("{held:?}");
            log("behind");
            text
        }
    } [
        "oooo Site try_box(input)"
    ]

    call_that_is_coerced {
        trait Shape { fn sides(&self) -> u32; }
        impl Shape for u32 { fn sides(&self) -> u32 { *self } }
        fn try_new_shape<T: Shape + 'static>(shape: T) -> Box<T> { Box::new(shape) }
        #[allow(unsafe_code)]
        pub(crate) fn run(input: u32) -> String {
            let shape: Box<dyn Shape> = try_new_shape(input);
            // SAFETY: it gives a pointer, which nobody follows.
            let pointer: *const u8 = unsafe { alloc::alloc(input) };
            format!("{} {}", shape.sides(), pointer.is_null())
        }
    } [
        "oooo Site try_new_shape(input)"
        "oooo Site alloc::alloc(input)"
    ]

    call_in_unsafe_code {
        #[allow(unsafe_code)]
        unsafe fn raw(number: u32) -> Option<*mut u8> {
            // SAFETY: it takes any number.
            let pointer = unsafe { alloc::alloc(number) };
            if pointer.is_null() {
                return None;
            }
            Some(pointer)
        }
        #[allow(unsafe_code)]
        pub(crate) fn run(input: u32) -> String {
            // SAFETY: as above.
            unsafe { raw(input) }.is_some().to_string()
        }
    } [
        "raw: oooo Site alloc::alloc(number)"
        "raw: oXoX IsNull pointer.is_null() <- 0"
    ]

    call_with_explicit_types {
        struct Pool<T>(T);
        impl<T: Copy> Pool<T> {
            fn try_new_of<U: From<T>>(&self) -> Result<U, Full> { Ok(self.0.into()) }
            fn try_with_capacity(n: T) -> Result<Self, Full> { Ok(Pool(n)) }
        }
        fn inner(input: u32) -> Result<u64, Full> {
            Pool::<u32>::try_with_capacity(input)?.try_new_of::<u64>()
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: oooo Site Pool::<u32>::try_with_capacity(input)"
        "inner: oooo Question Pool::<u32>::try_with_capacity(input)? <- 0"
        "inner: oooo Site Pool::<u32>::try_with_capacity(input)?.try_new_of::<u64>()"
    ]

    calls_that_were_named (calls("reserve_room", "Arena::get")) {
        struct Arena;
        impl Arena {
            fn get(n: u32) -> Option<u32> { parse(n).ok() }
            fn reserve_room(&self, n: u32) -> Result<u32, Full> { parse(n) }
        }
        fn reserve_room(n: u32) -> Result<u32, Full> { Arena.reserve_room(n) }
        fn inner(input: u32) -> Option<u32> {
            let arena = Arena::get(input)?;
            let room = Arena.reserve_room(input >> 1).ok()?;
            Some(arena + room + reserve_room(room).ok()?)
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "Arena::get: oXoX Ok parse(n).ok()"
        "reserve_room: o--- Site Arena.reserve_room(n)"
        "inner: oooo Site Arena::get(input)"
        "inner: oXoX Question Arena::get(input)? <- 0"
        "inner: o-o- Site Arena.reserve_room(input >> 1)"
        "inner: o-X- Ok Arena.reserve_room(input >> 1).ok() <- 2"
        "inner: o-X- Question Arena.reserve_room(input >> 1).ok()? <- 2"
        "inner: o--- Site reserve_room(room)"
        "inner: o--- Ok reserve_room(room).ok() <- 5"
        "inner: o--- Question reserve_room(room).ok()? <- 5"
    ]

    calls_and_arms_that_are_skipped (skip("try_push", "map_err", "?", "if let else")) {
        fn inner(input: u32) -> Result<u32, Failed> {
            let mut store = Store::default();
            store.try_push(input)?;
            let held = try_box(input >> 1).map_err(|_| Failed("mapped"))?;
            if let Ok(n) = parse(input) { Ok(n) } else { Ok(held.number()) }
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: o-o- Site try_box(input >> 1)"
    ]

    calls_in_each_others_arguments {
        fn try_new_sum(a: Result<Held, Full>, b: Result<Held, Full>) -> Result<u32, Full> { Ok(a?.number() + b?.number()) }
        pub(crate) fn run(input: u32) -> String {
            format!("{:?}", try_new_sum(try_box(input), try_box(input >> 1)))
        }
    } [
        "try_new_sum: oXoX Question a?"
        "try_new_sum: o-X- Question b?"
        "oooo Site try_new_sum(try_box(input), try_box(input >> 1))"
        "oooo Site try_box(input)"
        "oooo Site try_box(input >> 1)"
    ]

    names_that_have_nothing_to_do_with_memory {
        use std::cell::RefCell;
        fn inner(input: u32) -> Result<u8, std::num::TryFromIntError> {
            let cell = RefCell::new(input);
            let held = cell.try_borrow_mut().is_ok();
            let value: u8 = (input * 200).try_into()?;
            Ok(value + u8::from(held))
        }
        pub(crate) fn run(input: u32) -> String { format!("{:?}", inner(input)) }
    } [
        "inner: ooXX Question (input * 200).try_into()?"
    ]

    call_that_panics {
        fn try_new_or_panic(n: u32) -> u32 { parse(n).unwrap() }
        pub(crate) fn run(input: u32) -> String {
            let _held = Held(100);
            try_new_or_panic(try_box(input).unwrap().number() >> 1).to_string()
        }
    } [
        "oooo Site try_new_or_panic(try_box(input).unwrap().number() >> 1)"
        "oooo Site try_box(input)"
    ]

    call_that_tells_its_caller {
        #[track_caller]
        fn try_new_here(n: u32) -> Result<u32, Full> {
            log(std::panic::Location::caller());
            parse(n)
        }
        struct Here;
        impl Here {
            #[track_caller]
            fn unwrap_or(&self, n: u32) -> u32 { log(std::panic::Location::caller()); n }
        }
        pub(crate) fn run(input: u32) -> String {
            let number = try_new_here(input)
                .unwrap_or_else(|_| { log("else"); 7 });
            let made = (|| Here)();
            (number + made.unwrap_or(1) + (|| Here)().unwrap_or(1)).to_string()
        }
    } [
        "oooo Site try_new_here(input)"
        "oXoX UnwrapOrElse try_new_here(input).unwrap_or_else(|_| {…}) <- 0"
        "oooo UnwrapOr made.unwrap_or(1)"
        "oooo UnwrapOr (|| Here)().unwrap_or(1)"
    ]
}
