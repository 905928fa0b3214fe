//! Sessions: which message was sent, received, acknowledged, answered; for both sides.
//!
//! A session works on messages that have been verified, and yields the beginnings of packets that
//! are to be sealed. It knows neither keys nor bytes on a wire: a
//! [`connection`](crate::connection) does, and most programs use that.
//!
//! ```text
//! call ─▶ outbox ─▶ poll_packet: ids, acks, container ─▶ (seal, frame, socket)
//! (socket, frame, open) ─▶ handle_message: checks ─▶ inbox ─▶ poll_event
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`client`] | calls out, answers and updates in |
//! | [`server`] | requests in, answers and updates out |
//!
//! **Nothing takes effect twice.** Message ids are remembered by both sides ([`ReplayWindow`]); a
//! message that may have arrived is sent again under the same id and in a new container, so that
//! no two packets have the same id and different contents. Only what was refused for certain gets
//! a new id. If nobody can tell, the call fails ([`CallError::Lost`]), unless its caller has said
//! that it may run twice.
//!
//! **Nothing grows without bound.** Each table has a limit, which is in the side's `Config` or in
//! the module of the table.
//!
//! # Checks
//! What the protocol's [security guidelines](https://core.telegram.org/mtproto/security_guidelines)
//! ask for. The tests are in `tests/session_checks.rs`, named after the number; in each the other
//! side does what is forbidden. `cargo xtask mutations` removes the checks one by one, as
//! `tests/mutations.toml` says, and sees that the test fails then.
//!
//! | | check |
//! |---|---|
//! | M1 | the auth key is known |
//! | M2 | msg_key is right, over all of the plaintext |
//! | M3, M4 | lengths and padding; one error for all of it |
//! | M5 | the session is ours |
//! | M6 | ids say who speaks |
//! | M7 | nothing is received twice |
//! | M8 | 300 seconds back, 30 ahead |
//! | M9 | requests have odd sequence numbers |
//! | M10 | containers hold lower ids and no containers |
//! | M11 | salt and clock only for a message sent lately |
//! | M12 | a call has one result |
//! | M13 | packed values are bounded |
//! | M14 | nothing is reflected |
//! | M15 | after a bad packet the connection ends |
//! | M16 | one id, one plaintext |
//! | P1 | temporary keys are bound, replaced, never told |
//! | P2 | a lost permanent key is told from a young one |
//! | T1, T2 | lengths of transports; obfuscation headers once |
//!
//! A client checks the time (M8) of messages inside a container only for being ahead: a server may
//! send an old message again, and the container proves that it is sent now.
//!
//! See <https://core.telegram.org/mtproto/description> and
//! <https://core.telegram.org/mtproto/service_messages_about_messages>.

mod ack;
mod bad_msg;
pub mod client;
mod core;
mod error;
mod inbox;
pub(crate) mod msg_id;
mod outbox;
mod replay;
mod salt;
mod seq_no;
pub mod server;
mod sliding;
mod state;
mod wire;

pub use self::core::Unsealed;
pub use client::{CallId, CallOptions};
pub use error::{CallError, RpcError, Rule, Violation};
pub use replay::{Known, Mark, ReplayWindow};
pub use salt::{FutureSalt, SaltSecret, ValidSalts};

/// What a client learns of its clock when the server tells its time in seconds.
pub(crate) fn clock_offset(now: crate::Now, server_time: i32) -> i64 {
    let told = i64::from(server_time) * msg_id::SECOND;
    let offset = told.saturating_sub(msg_id::from_unix(now.unix));
    // It was cut off, and took its time to get here: nobody's clock is wrong by a second.
    match offset.saturating_abs() {
        ..=msg_id::SECOND => 0,
        _ => offset.saturating_add(msg_id::SECOND / 2),
    }
}

/// The latest id that a server would have taken by now.
pub(crate) fn latest_msg_id_at(unix: ::core::time::Duration) -> i64 {
    msg_id::from_unix(unix).saturating_add(msg_id::FUTURE)
}
