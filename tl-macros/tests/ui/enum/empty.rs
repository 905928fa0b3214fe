use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
enum Nothing {}

fn main() {}
