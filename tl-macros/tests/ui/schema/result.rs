use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(tl = "getUsers ids:Vector<int> = Vector<User>;", result = i32)]
struct GetUsers {
    ids: Vec<i32>,
}

#[derive(TlRead, TlWrite)]
#[tl(tl = "getIds ids:Vector<int> = Vector<%User>;", result = Vec<User>)]
struct GetIds {
    ids: Vec<i32>,
}

#[derive(TlRead, TlWrite)]
#[tl(tl = "---types--- user id:int = User;", result = bool)]
struct User {
    id: i32,
}

fn main() {}
