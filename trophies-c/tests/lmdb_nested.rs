//! lmdb 0.8.0: a nested transaction that could not begin is given as one that has.
mod scratch;

use lmdb::{Environment, Transaction};

#[test]
fn a_nested_transaction_is_an_error_without_memory() {
    let folder = scratch::Scratch::folder();
    let environment = Environment::new().open(folder.path()).unwrap();
    let mut transaction = environment.begin_rw_txn().unwrap();
    let nested = transaction.begin_nested_txn();
    let begun = nested.as_ref().is_ok_and(|nested| !nested.txn().is_null());
    assert_eq!(nested.is_ok(), begun);
    drop(nested);
    transaction.commit().unwrap();
}
