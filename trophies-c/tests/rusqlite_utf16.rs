//! rusqlite 0.39.0: text that there is no memory to convert is a panic.
use rusqlite::Connection;

#[test]
fn a_text_is_an_error_without_memory() {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch("PRAGMA encoding = 'UTF-16'; CREATE TABLE t (a); INSERT INTO t VALUES (printf('%.5000c', 'x'));")
        .unwrap();
    let text: String = connection.query_row("SELECT a FROM t", [], |row| row.get(0)).unwrap();
    assert_eq!(text.len(), 5000);
}
