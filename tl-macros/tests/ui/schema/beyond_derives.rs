use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(tl = "stats {mask:#} count:int views:mask.0?int = Stats mask;")]
struct Stats {
    count: i32,
    views: Option<i32>,
}

#[derive(TlRead, TlWrite)]
#[tl(tl = "testMask f0:# f1:f0.0?# f2:f1.1?int = TestMask;")]
struct TestMask {
    f0: u32,
    f1: Option<u32>,
    f2: Option<i32>,
}

#[derive(TlRead, TlWrite)]
#[tl(tl = "table size:# pairs:size*[ key:int value:string ] = Table;")]
struct Table {
    size: u32,
    pairs: Vec<(i32, String)>,
}

fn main() {}
