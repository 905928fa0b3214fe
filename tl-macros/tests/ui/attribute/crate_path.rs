use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(crate = 5)]
struct NoPath;

fn main() {}
