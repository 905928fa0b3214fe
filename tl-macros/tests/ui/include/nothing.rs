mod api {
    tl_macros::include_schema!(docs = false);
}

mod none {
    tl_macros::schema!();
}

fn main() {}
