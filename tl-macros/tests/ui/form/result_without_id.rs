use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(result = Vec<i64>)]
struct GetIds {
    limit: i32,
}

fn main() {}
