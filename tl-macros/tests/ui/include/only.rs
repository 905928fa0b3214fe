mod api {
    tl_macros::schema!("user id:int = User;", only = ["chat"]);
}

mod mistyped {
    tl_macros::schema!(
        "shop.user id:int name:string = shop.User;",
        codec("shop.usr") = "code",
    );
}

mod fields {
    tl_macros::schema!(
        "user id:int name:string = User;",
        strings_as_bytes = ["user.nam"],
    );
}

mod names {
    tl_macros::schema!("user id:int = User;", rename("user") = "a person");
}

fn main() {}
