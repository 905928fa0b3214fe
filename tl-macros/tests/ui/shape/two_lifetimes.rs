use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
struct Pair<'a, 'b> {
    first: &'a str,
    second: &'b str,
}

fn main() {}
