//! Call chains with names: whose their functions are, by what they are known again, what their failures show.

pub(crate) mod asked;
pub(crate) mod chain_id;
pub(crate) mod frame;
pub(crate) mod judge;
pub(crate) mod named;
pub(crate) mod owner;
pub(crate) mod symbol;
pub(crate) mod symbols;
pub(crate) mod test_code;
