use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(tl = "
user#d23c81a3 id:int flags:# name:flags.32?string = User;
chat id:in title:mask.3?string = Chat
")]
struct User {
    id: i32,
}

fn main() {}
