use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(tl = "
    all number:int id:long text:string blob:bytes key:int256 yes:Bool list:vector<int> \
        nested:Vector<vector<long>> peer:Peer point:point lower:% Upper = All;
")]
struct All {
    number: i64,
    id: i32,
    text: i32,
    blob: String,
    key: [u8; 16],
    yes: u32,
    list: Vec<i64>,
    nested: Vec<Vec<i32>>,
    peer: i64,
    point: Vec<u8>,
    lower: bool,
}

fn main() {}
