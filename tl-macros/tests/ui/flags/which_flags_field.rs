use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
struct User {
    #[tl(flags)]
    flags: (),
    #[tl(flags)]
    flags2: (),
    #[tl(flags_bit = 1)]
    name: Option<String>,
}

fn main() {}
