//! Requests and their answers: `rpc_result`.

use super::{Cause, Kind, Purpose, Record, RequestId, Session, after, wire};
use crate::Now;
use crate::service::{RpcResult, gzip, types};
use crate::session::error::RpcError;
use crate::session::outbox::Key;

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// It waits for another.
    Held,
    Running,
    /// The answer is not wanted any more.
    Dropped,
    /// The answer waits for an ack.
    Answered(Key),
}

/// Nothing was sent: more waits for the client's acks than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Congested;

impl core::fmt::Display for Congested {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the client acknowledges too slowly")
    }
}

impl core::error::Error for Congested {}

impl Session {
    pub(super) fn on_request(&mut self, now: Now, msg_id: i64, body: &[u8]) {
        if self.unanswered >= self.config.max_requests
            || self.core.outbox.bytes() > self.config.max_bytes
        {
            self.answer_error(now, msg_id, 420, "FLOOD_WAIT_1");
            return;
        }
        match after::Wrapped::read(msg_id, body) {
            None => {
                self.unanswered += 1;
                self.run(msg_id, body);
            }
            Some(wrapped) if self.config.unpack_requests && gzip::is_packed(wrapped.body()) => {
                let room = self.config.max_unpacked.saturating_sub(self.inbox.kept());
                match gzip::unpack(wrapped.body(), room) {
                    Ok(unpacked) => self.hold(now, msg_id, &wrapped.with_body(&unpacked)),
                    Err(_) => self.answer_error(now, msg_id, 400, "INPUT_FETCH_ERROR"),
                }
            }
            Some(wrapped) => self.hold(now, msg_id, &wrapped),
        }
    }

    /// Gives a request to the application.
    pub(super) fn run(&mut self, msg_id: i64, body: &[u8]) {
        let range = self.inbox.keep(body);
        self.requests.insert(msg_id, Phase::Running);
        self.inbox.push(Record::Request(RequestId(msg_id), range));
    }

    /// Whether the application works on a request whose answer is wanted.
    #[must_use]
    pub fn is_running(&self, request: RequestId) -> bool {
        self.requests.get(request.0) == Some(Phase::Running)
    }

    /// Answers a request: with the serialised value that it asked for, or with an error. False if
    /// there is no such request, or its answer is not wanted any more; nothing is sent then.
    pub fn reply(
        &mut self,
        now: Now,
        request: RequestId,
        result: Result<&[u8], &RpcError>,
    ) -> bool {
        let RequestId(msg_id) = request;
        match self.requests.get(msg_id) {
            Some(Phase::Running) => {}
            Some(Phase::Dropped) => {
                self.requests.remove(msg_id);
                self.unanswered = self.unanswered.saturating_sub(1);
                self.ended(now, msg_id, result.is_ok());
                return false;
            }
            _ => return false,
        }
        self.unanswered = self.unanswered.saturating_sub(1);
        match result {
            Ok(value) => {
                let packs = self.config.gzip;
                self.answer(now, msg_id, true, |body| {
                    if !(packs && gzip::pack(value, body)) {
                        body.extend_from_slice(value);
                    }
                });
            }
            Err(error) => self.answer_error(now, msg_id, error.code, &error.message),
        }
        true
    }

    pub(super) fn answer_error(&mut self, now: Now, msg_id: i64, code: i32, message: &str) {
        let error = types::RpcError {
            error_code: code,
            error_message: message,
        };
        self.answer(now, msg_id, false, |body| wire::write(&error, body));
    }

    /// Queues an `rpc_result`.
    pub(super) fn answer(
        &mut self,
        now: Now,
        msg_id: i64,
        good: bool,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let kind = Kind::Answer { request: msg_id };
        let key = self.core.outbox.insert(kind, |body| {
            RpcResult::write_header(msg_id, body);
            write(body);
        });
        self.requests.insert(msg_id, Phase::Answered(key));
        self.ended(now, msg_id, good);
    }

    /// Sends a message of the server's own, an update for example.
    ///
    /// It is sent again until the client has it, but not after a few minutes: then the client asks
    /// for what it has missed.
    ///
    /// # Errors
    /// [`Congested`]
    pub fn push(&mut self, body: &[u8]) -> Result<(), Congested> {
        if self.core.outbox.bytes().saturating_add(body.len()) > self.config.max_bytes {
            return Err(Congested);
        }
        let packs = self.config.gzip;
        self.core.outbox.insert(Kind::Push, |out| {
            if !(packs && gzip::pack(body, out)) {
                out.extend_from_slice(body);
            }
        });
        Ok(())
    }

    /// Answers [`Event::DestroySession`](super::Event::DestroySession).
    pub fn session_destroyed(&mut self, session_id: i64, found: bool) {
        self.core.control(Cause::Answer, Purpose::None, |out| {
            if found {
                wire::write(&types::DestroySessionOk { session_id }, out);
            } else {
                wire::write(&types::DestroySessionNone { session_id }, out);
            }
        });
    }

    /// Answers [`Event::DestroyAuthKey`](super::Event::DestroyAuthKey). Not as an `rpc_result`:
    /// clients wait for the bare one.
    pub fn key_destroyed(&mut self, destroyed: bool) {
        self.core.control(Cause::Answer, Purpose::None, |out| {
            if destroyed {
                wire::write(&types::DestroyAuthKeyOk {}, out);
            } else {
                wire::write(&types::DestroyAuthKeyFail {}, out);
            }
        });
    }
}
