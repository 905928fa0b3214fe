use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(id = 1)]
struct Holder {
    number: i32,
    other: Other,
}

struct Other;

fn main() {}
