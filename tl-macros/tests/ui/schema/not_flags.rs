use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(tl = "getConfigParam mode:# param:# = ConfigParam;")]
struct GetConfigParam {
    #[tl(flags)]
    mode: (),
    param: u32,
}

fn main() {}
