use tl_macros::{Identified, TlRead};

#[derive(TlRead, Identified)]
struct BlockId {
    workchain: i32,
}

#[derive(TlRead, Identified)]
enum Tree {
    #[tl(id = 1)]
    Leaf(i32),
}

fn main() {}
