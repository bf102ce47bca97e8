//! Failures on demand: the hook that a request asks before it looks at memory, and the kernel's knobs behind it.

pub(crate) mod at_hand;
pub(crate) mod attribute_text;
pub(crate) mod attributes;
pub(crate) mod chains;
pub(crate) mod combined;
pub(crate) mod gate;
pub(crate) mod knob;
pub(crate) mod knobs;
pub(crate) mod report;
pub(crate) mod source;
pub(crate) mod stack_filter;
