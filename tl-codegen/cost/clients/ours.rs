//! Three methods: their calls are written, their answers read and written again.
use std::io::{Read, Write, stdin, stdout};

use api::functions::{messages, upload};
use api::{enums, types};
use tl_runtime::{Function, TlRead, TlWrite};

fn call<F: Function + TlWrite>(function: &F)
where
    F::Output: for<'a> TlRead<'a> + TlWrite,
{
    let _ = stdout().write_all(&function.to_bytes().unwrap_or_default());
    let mut bytes = Vec::new();
    let _ = stdin().read_to_end(&mut bytes);
    if let Ok(answer) = F::Output::from_bytes(&bytes) {
        let _ = stdout().write_all(&answer.to_bytes().unwrap_or_default());
    }
}

fn main() {
    let peer = || enums::InputPeer::Self_;
    call(&messages::SendMessage::new(peer(), "hello".into(), 1));
    call(&messages::GetHistory::new(peer(), 0, 0, 0, 100, 0, 0, 0));
    let location = types::InputFileLocation::new(1, 2, 3, vec![4]);
    let location = enums::InputFileLocation::InputFileLocation(location);
    call(&upload::GetFile::new(location, 0, 4096));
}
