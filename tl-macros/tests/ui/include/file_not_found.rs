mod api {
    tl_macros::include_schema!("/nowhere/missing.tl", docs = false);
}

fn main() {}
