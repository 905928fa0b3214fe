use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(tl = "dialog flags:# pinned:flags.0?true pts:flags.1?int = Dialog;")]
struct Dialog {
    pinned: Option<bool>,
    pts: i32,
}

fn main() {}
