mod api {
    tl_macros::schema!("user id:int = User;", only = ["chat"]);
}

fn main() {}
