mod api {
    tl_macros::schema!(
        "
user#d23c81a3 id:int flags:# name:flags.32?string = User;
chat id:in title:mask.3?string = Chat;
"
    );
}

fn main() {}
