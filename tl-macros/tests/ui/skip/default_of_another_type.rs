use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(crate = tl_runtime)]
struct Cached {
    key: i32,
    #[tl(skip, default = "\"none\"")]
    hash: u64,
    #[tl(skip)]
    source: Source,
}

struct Source;

fn main() {}
