//! Compiles the unwind information of one program counter, read from `.eh_frame`, to a packed rule.

use gimli::{
    BaseAddresses, CfaRule, EhFrame, EhFrameHdr, NativeEndian, Register, RegisterRule, UnwindContext,
    UnwindContextStorage, UnwindSection, UnwindTableRow, X86_64,
};

use super::module::Module;
use super::modules;
use super::rule::{Base, Refusal, Rule};

/// Room for the rows of one function, on the stack: x86-64 has 17 registers in unwind information,
/// and compilers nest `DW_CFA_remember_state` once or twice.
struct OnStack;

impl UnwindContextStorage<usize> for OnStack {
    type Rules = [(Register, RegisterRule<usize>); 24];
    type Stack = [UnwindTableRow<usize, Self>; 5];
}

/// The rule that holds when `pc` is about to be executed.
#[cold]
#[inline(never)]
pub(super) fn rule_of(pc: usize) -> Rule {
    match modules::containing(pc) {
        Some(module) => compile(&module, pc).unwrap_or(Rule::refused(Refusal::Missing)),
        None => Rule::refused(Refusal::Missing),
    }
}

fn compile(module: &Module, pc: usize) -> Option<Rule> {
    let pc = pc as u64;
    let bases = BaseAddresses::default()
        .set_eh_frame_hdr(module.header().as_ptr().addr() as u64)
        .set_eh_frame(module.frames().as_ptr().addr() as u64);
    let header = EhFrameHdr::new(module.header(), NativeEndian).parse(&bases, 8).ok()?;
    let section = EhFrame::new(module.frames(), NativeEndian);
    let entry = header.table()?.lookup(pc, &bases).ok()?.direct().ok()?;
    let offset = usize::try_from(entry.checked_sub(module.frames().as_ptr().addr() as u64)?).ok()?;
    let fde = section.fde_from_offset(&bases, offset.into(), EhFrame::cie_from_offset).ok()?;
    if !fde.contains(pc) {
        return None;
    }
    if fde.is_signal_trampoline() {
        return Some(Rule::refused(Refusal::Unsupported));
    }
    let mut context = UnwindContext::<usize, OnStack>::new_in();
    match fde.unwind_info_for_address(&section, &bases, &mut context, pc) {
        Ok(row) => Some(pack(row).unwrap_or_else(Rule::refused)),
        // The information is there, but more than the storage above or this reader can hold.
        Err(_) => Some(Rule::refused(Refusal::Unsupported)),
    }
}

fn pack(row: &UnwindTableRow<usize, OnStack>) -> Result<Rule, Refusal> {
    match row.register(X86_64::RA) {
        Some(RegisterRule::Offset(-8)) => {}
        Some(RegisterRule::Undefined) | None => return Err(Refusal::Outermost),
        Some(_) => return Err(Refusal::Unsupported),
    }
    let (base, offset) = match row.cfa() {
        CfaRule::RegisterAndOffset { register: X86_64::RSP, offset } => (Base::StackPointer, *offset),
        CfaRule::RegisterAndOffset { register: X86_64::RBP, offset } => (Base::FramePointer, *offset),
        _ => return Err(Refusal::Unsupported),
    };
    let saved = match row.register(X86_64::RBP) {
        // A callee must preserve the register, so where nothing is said of it, it is as the caller left it.
        Some(RegisterRule::SameValue | RegisterRule::Undefined) | None => None,
        Some(RegisterRule::Offset(offset)) => Some(offset),
        Some(_) => return Err(Refusal::Unsupported),
    };
    Rule::new(base, offset, saved).ok_or(Refusal::Unsupported)
}
