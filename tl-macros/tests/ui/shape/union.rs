use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
union Number {
    int: i32,
    long: i64,
}

fn main() {}
