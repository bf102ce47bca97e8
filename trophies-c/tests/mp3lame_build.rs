//! mp3lame-encoder 0.2.5: `lame_init_params` uses tables that it got no memory for.
#[test]
fn an_encoder_is_an_error_without_memory() {
    let builder = mp3lame_encoder::Builder::new().expect("there is no builder");
    builder.build().unwrap();
}
