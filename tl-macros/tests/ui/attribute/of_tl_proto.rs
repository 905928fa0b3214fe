use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(scheme = "proto.tl")]
struct Inline {
    #[tl(size_hint = 8)]
    shard: u64,
    #[tl(skip_write)]
    cached: u64,
    #[tl(signature)]
    signature: [u8; 64],
}

#[derive(TlRead, TlWrite)]
#[tl(scheme_inline = "boolTrue = Bool;")]
struct True;

fn main() {}
