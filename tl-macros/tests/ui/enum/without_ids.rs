use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
enum Address {
    Udp { ip: i32, port: i32 },
    Unknown,
}

fn main() {}
