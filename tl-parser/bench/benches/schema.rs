//! Layer 230 of Telegram's API through each reader.

use divan::Bencher;
use tl_parser_bench::{READERS, schema};

fn main() {
    divan::main();
}

#[divan::bench(args = 0..READERS.len())]
fn read(bencher: Bencher<'_, '_>, reader: usize) {
    let (_, form, read) = READERS[reader];
    let text = form(&schema());
    bencher.bench(|| read(&text));
}
