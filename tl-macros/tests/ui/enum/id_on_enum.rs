use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(bare, id = 0x670da6e7, name = "adnl.address.udp", result = bool)]
enum Address {
    #[tl(id = 0x670da6e7)]
    Udp { ip: i32, port: i32 },
}

fn main() {}
