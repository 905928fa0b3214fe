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

/// The same types, read and written by tables.
pub mod table {
    /// Types that own what they hold.
    pub mod owned {
        include!(concat!(env!("OUT_DIR"), "/table_owned.rs"));
    }
    /// Types that borrow.
    pub mod borrowed {
        include!(concat!(env!("OUT_DIR"), "/table_borrowed.rs"));
    }
}
