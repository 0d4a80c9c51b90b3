//! Each file in `messages` uses the library wrongly in one way, and beside it stands what the
//! compiler says. After a change of the compiler: `TRYBUILD=overwrite cargo test -p
//! multitenant-compile-errors`, and read what became of the sentences.

#[test]
fn a_wrong_use_is_answered_by_what_to_write_instead() {
    trybuild::TestCases::new().compile_fail("tests/messages/*.rs");
}
