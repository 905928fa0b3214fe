use tl_macros::TlRead;

#[derive(TlRead)]
#[tl(crate = tl_runtime)]
struct Pair<T> {
    first: T,
    second: T,
}

struct Other;

fn read<T: for<'a> tl_runtime::TlRead<'a>>() {}

fn main() {
    read::<Pair<i32>>();
    read::<Pair<Other>>();
}
