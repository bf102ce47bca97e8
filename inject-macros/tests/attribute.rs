//! What the attribute refuses and accepts, as the compiler says it.

#[test]
fn refusals_stand_on_the_word_to_blame_and_name_the_cure() {
    trybuild::TestCases::new().compile_fail("tests/refuses/*.rs");
}

#[test]
fn every_form_of_a_test_is_accepted() {
    trybuild::TestCases::new().pass("tests/accepts/*.rs");
}
