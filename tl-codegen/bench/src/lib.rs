//! Generated code of layer 230 of Telegram's API beside grammers' and tl-proto's.

pub mod payload;
pub mod tape;
pub mod tl_proto_types;

/// Generated types that own what they hold.
pub mod owned {
    /// Telegram's API.
    pub mod api {
        include!(concat!(env!("OUT_DIR"), "/api_owned.rs"));
    }
    /// MTProto.
    pub mod mtproto {
        include!(concat!(env!("OUT_DIR"), "/mtproto_owned.rs"));
    }
}

/// Generated types that borrow.
pub mod borrowed {
    /// Telegram's API.
    pub mod api {
        include!(concat!(env!("OUT_DIR"), "/api_borrowed.rs"));
    }
    /// MTProto.
    pub mod mtproto {
        include!(concat!(env!("OUT_DIR"), "/mtproto_borrowed.rs"));
    }
}
