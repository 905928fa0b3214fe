mod api {
    tl_macros::schema!(
        "user id:int = User;",
        format = true,
        dok = false,
        docs = "no",
        only = "user",
        only = ["user"],
        side = "proxy",
        ownership = borrowed,
        derive = [Debug, 1],
        rename = "Person",
        crate("user") = tl_runtime,
        boxing("vectors") = 5,
        boxing("variants") = "5",
        boxing("vectors", "User") = 5,
        id_rule "tl",
    );
}

fn main() {}
