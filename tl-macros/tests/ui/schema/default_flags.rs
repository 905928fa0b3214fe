use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(tl = "dialog flags:# pts:flags.1?int = Dialog;")]
struct Dialog {
    #[tl(flags, default_flags = 2)]
    flags: (),
    pts: Option<i32>,
}

fn main() {}
