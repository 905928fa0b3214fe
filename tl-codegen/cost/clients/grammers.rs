//! Three methods: their calls are written, their answers read and written again.
use std::io::{Read, Write, stdin, stdout};

use api::functions::{messages, upload};
use api::{Deserializable, RemoteCall, Serializable, enums, types};

fn call<F: RemoteCall>(function: &F)
where
    F::Return: Serializable,
{
    let _ = stdout().write_all(&function.to_bytes());
    let mut bytes = Vec::new();
    let _ = stdin().read_to_end(&mut bytes);
    if let Ok(answer) = F::Return::from_bytes(&bytes) {
        let _ = stdout().write_all(&answer.to_bytes());
    }
}

fn main() {
    let peer = || enums::InputPeer::PeerSelf;
    call(&messages::SendMessage {
        no_webpage: false,
        silent: false,
        background: false,
        clear_draft: false,
        noforwards: false,
        update_stickersets_order: false,
        invert_media: false,
        allow_paid_floodskip: false,
        peer: peer(),
        reply_to: None,
        message: "hello".into(),
        random_id: 1,
        reply_markup: None,
        entities: None,
        schedule_date: None,
        schedule_repeat_period: None,
        send_as: None,
        quick_reply_shortcut: None,
        effect: None,
        allow_paid_stars: None,
        suggested_post: None,
        rich_message: None,
    });
    call(&messages::GetHistory {
        peer: peer(),
        offset_id: 0,
        offset_date: 0,
        add_offset: 0,
        limit: 100,
        max_id: 0,
        min_id: 0,
        hash: 0,
    });
    call(&upload::GetFile {
        precise: false,
        cdn_supported: false,
        location: enums::InputFileLocation::Location(types::InputFileLocation {
            volume_id: 1,
            local_id: 2,
            secret: 3,
            file_reference: vec![4],
        }),
        offset: 0,
        limit: 4096,
    });
}
