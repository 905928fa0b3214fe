mod api {
    tl_macros::include_schema!("schemas/missing.tl", docs = false);
}

fn main() {}
