use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(id = true)]
struct IdOfNoKind {
    #[tl(flags)]
    mode: (),
    #[tl(flags_bit = "three")]
    lt: Option<u64>,
}

#[derive(TlRead, TlWrite)]
#[tl(id = 0x1_0000_0000)]
struct IdTooGreat;

#[derive(TlRead, TlWrite)]
#[tl(tl = "boolTrue = Bool;", id_rule = "mtproto")]
struct NoSuchRule;

fn main() {}
