use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
enum Address {
    #[tl(id = 0x670da6e7)]
    Udp { ip: i32, port: i32 },
    #[tl(id = 0x670da6e7)]
    Udp6 { ip: [u8; 16], port: i32 },
}

fn main() {}
