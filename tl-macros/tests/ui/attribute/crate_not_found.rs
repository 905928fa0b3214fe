use tl_macros::TlRead;

#[derive(TlRead)]
#[tl(crate = nowhere)]
struct NoSuchPath;

fn main() {}
