//! Calls and their results: `rpc_result`, `rpc_drop_answer`, and what becomes of calls that get
//! none.

use core::time::Duration;

use super::{CallError, CallId, CallOptions, Record, Session};
use crate::Now;
use crate::service::{RpcResult, functions, gzip, types};
use crate::session::error::RpcError;
use crate::session::msg_id::Cause;
use crate::session::outbox::{Call, Entry, Key, Kind, Query, State};
use crate::session::wire;
use crate::tl::{Identified, TlRead, TlWrite};

/// How long to wait before a server that was just started is asked again; then twice as long.
const RESTARTED: Duration = Duration::from_secs(1);
/// How often a call that may run twice is sent anew to a server that has forgotten it.
const MAX_LOSSES: u8 = 16;

impl Session {
    /// Asks the server for something. The request is a serialised function, wrapped in
    /// `invokeWithLayer` and `initConnection` where the server wants that.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use mtproto_runtime::Now;
    /// use mtproto_runtime::session::CallOptions;
    /// use mtproto_runtime::session::client::{Config, Session};
    ///
    /// let now = Now::system(Instant::now());
    /// let mut session = Session::new(4711, 0, Config::default());
    /// let options = CallOptions::default().timeout(Duration::from_secs(30));
    /// session.call(now, &0xc4f9_186b_u32.to_le_bytes(), options)?; // help.getConfig
    /// assert_eq!(session.pending(), 1);
    /// # Ok::<(), mtproto_runtime::session::CallError>(())
    /// ```
    ///
    /// # Errors
    /// [`CallError::Busy`] and [`CallError::Length`]; there is no call then.
    pub fn call(
        &mut self,
        now: Now,
        request: &[u8],
        options: CallOptions,
    ) -> Result<CallId, CallError> {
        let len = request.len();
        if !len.is_multiple_of(4) || len == 0 || len > self.config.max_request {
            return Err(CallError::Length { len });
        }
        let outbox = &mut self.core.outbox;
        if outbox.len() >= self.config.max_calls
            || outbox.bytes().saturating_add(len) > self.config.max_bytes
        {
            return Err(CallError::Busy);
        }
        let deadline = options
            .timeout
            .map(|timeout| now.monotonic.saturating_add(timeout));
        let call = Call {
            after: options.after.map(|call| call.0),
            prefixed: false,
            deadline,
            repeatable: options.repeatable,
            fixed: false,
            quick_ack: options.quick_ack,
        };
        let packs = self.config.gzip;
        let key = outbox.insert(Kind::Call(call), |body| {
            if !(packs && gzip::pack(request, body)) {
                body.extend_from_slice(request);
            }
        });
        if let Some(deadline) = deadline {
            self.scan_by(deadline);
        }
        Ok(CallId(key))
    }

    /// A call whose request says the id of its message.
    pub(crate) fn call_named(
        &mut self,
        now: Now,
        request: impl FnOnce(i64) -> Vec<u8>,
    ) -> Option<CallId> {
        let msg_id = self.core.ids.next(now, Cause::Own);
        let seq_no = self.core.seq_no.next(true);
        let call = Call {
            after: None,
            prefixed: false,
            deadline: None,
            repeatable: false,
            fixed: true,
            quick_ack: false,
        };
        let body = request(msg_id);
        if body.is_empty() {
            return None;
        }
        let insert = |out: &mut Vec<u8>| *out = body;
        let key = self.core.outbox.insert(Kind::Call(call), insert);
        self.core.outbox.name(key, msg_id, seq_no);
        Some(CallId(key))
    }

    /// Gives a message a new id, if that is possible at all.
    pub(super) fn rename(&mut self, key: Key) {
        match self.core.outbox.get(key).map(|entry| &entry.kind) {
            Some(Kind::Call(call)) if call.fixed => self.fail(key, CallError::Refused { code: 0 }),
            _ => self.core.rename(key),
        }
    }

    /// The answer is not wanted any more: there will be no event for the call. If the server
    /// knows it, it is told to drop the answer. Whether there was such a call.
    pub fn cancel(&mut self, call: CallId) -> bool {
        let outbox = &mut self.core.outbox;
        let req_msg_id = match outbox.get(call.0) {
            Some(entry) if matches!(entry.kind, Kind::Call(_)) => entry.msg_id,
            _ => return false,
        };
        outbox.remove(call.0);
        if req_msg_id != 0 {
            outbox.insert(Kind::Query(Query::DropAnswer), |body| {
                wire::write(&functions::RpcDropAnswer { req_msg_id }, body);
            });
        }
        true
    }

    /// Ends the session: every call fails.
    pub fn close(&mut self) {
        for key in self.core.outbox.select(|_| true) {
            self.fail(key, CallError::Closed);
        }
    }

    #[inline]
    pub(super) fn on_result(&mut self, now: Now, msg_id: i64, result: &RpcResult<'_>) {
        let Some(key) = self.core.outbox.find(result.req_msg_id) else {
            return;
        };
        if !self.core.ids.is_synced() {
            self.freshly_answered(now, key, msg_id);
        }
        match self.core.outbox.remove(key) {
            Some(Kind::Call(_)) => {
                let call = CallId(key);
                let record = match self.read_result(result.result) {
                    Ok(range) => Record::Answer(call, range),
                    Err(error) => Record::Failed(call, Box::new(error)),
                };
                self.inbox.push(record);
            }
            Some(Kind::Query(query)) => self.on_query_result(query, result.result),
            _ => {}
        }
    }

    /// An answer tells the server's time, if nobody knows it better.
    fn freshly_answered(&mut self, now: Now, key: Key, msg_id: i64) {
        let fresh = self
            .core
            .outbox
            .get(key)
            .is_some_and(|entry| entry.tries == 0);
        if fresh {
            self.sync(now, msg_id);
        }
    }

    fn read_result(&mut self, result: &[u8]) -> Result<core::ops::Range<usize>, CallError> {
        let unpacked;
        let mut result = result;
        if gzip::is_packed(result) {
            unpacked = gzip::unpack(result, self.room()).map_err(|_| CallError::Unreadable)?;
            result = &unpacked;
            let count = self.inbox.unpacked().saturating_add(result.len());
            self.inbox.set_unpacked(count);
        }
        if crate::service::id(result) == Some(types::RpcError::ID) {
            let error: types::RpcError<'_> = crate::tl::Reader::new(result)
                .read()
                .map_err(|_| CallError::Unreadable)?;
            return Err(CallError::Rpc(RpcError::new(
                error.error_code,
                error.error_message,
            )));
        }
        Ok(self.inbox.keep(result))
    }

    fn on_query_result(&mut self, query: Query, result: &[u8]) {
        match query {
            // Whatever the server says, the answer is not wanted.
            Query::DropAnswer => {}
            Query::DestroySession(session_id) => {
                let found = types::DestroySessionOk::from_bytes(result).is_ok();
                self.inbox.push(Record::SessionDestroyed(session_id, found));
            }
            Query::DestroyAuthKey => {
                let failed = types::DestroyAuthKeyFail::from_bytes(result).is_ok();
                self.inbox.push(Record::KeyDestroyed(!failed));
            }
        }
    }

    /// The server has the message.
    pub(super) fn received(&mut self, key: Key) {
        let Some(entry) = self.core.outbox.get_mut(key) else {
            return;
        };
        match entry.kind {
            // It has done what it was for.
            Kind::Query(Query::DropAnswer) => {
                self.core.outbox.remove(key);
            }
            // The answer is sent but once, and may be lost: it will be asked again.
            Kind::Query(_) => {}
            _ => {
                entry.state = State::Received;
                entry.tries = 0;
            }
        }
    }

    pub(super) fn fail(&mut self, key: Key, error: CallError) {
        if let Some(Kind::Call(_)) = self.core.outbox.remove(key) {
            self.inbox
                .push(Record::Failed(CallId(key), Box::new(error)));
        }
    }

    /// The server can't tell whether it has received it, because it does not look back so far.
    pub(super) fn forgotten(&mut self, now: Now, key: Key) {
        let connection = self.core.connection;
        let Some(entry) = self.core.outbox.get_mut(key) else {
            return;
        };
        if entry.connection != connection || entry.losses >= MAX_LOSSES {
            self.lose(key);
            return;
        }
        // The server that says so is the one to which it was sent first, and would know of it. It
        // was started not long ago, and takes nothing for a while.
        entry.losses += 1;
        let wait = super::backoff(RESTARTED, entry.losses - 1);
        self.rename(key);
        if let Some(entry) = self.core.outbox.get_mut(key) {
            entry.state = State::Sent;
            entry.due = now.monotonic.saturating_add(wait);
            self.scan_by(now.monotonic.saturating_add(wait));
        }
    }

    /// Nobody can tell whether the server has run it.
    pub(super) fn lose(&mut self, key: Key) {
        let Some(entry) = self.core.outbox.get_mut(key) else {
            return;
        };
        entry.losses = entry.losses.saturating_add(1);
        match &entry.kind {
            Kind::Call(call) if call.repeatable && entry.losses < MAX_LOSSES => self.rename(key),
            // Answers that nobody wants are gone with everything else.
            Kind::Query(Query::DropAnswer) => {
                self.core.outbox.remove(key);
            }
            Kind::Query(_) => self.rename(key),
            _ => self.fail(key, CallError::Lost),
        }
    }

    /// Calls whose time is up.
    pub(super) fn expire(&mut self, now: Now) {
        let late = |entry: &Entry| deadline(entry).is_some_and(|due| due <= now.monotonic);
        for key in self.core.outbox.select(late) {
            // The server need not keep an answer that comes too late.
            if self.cancel(CallId(key)) {
                let error = Box::new(CallError::TimedOut);
                self.inbox.push(Record::Failed(CallId(key), error));
            }
        }
    }
}

pub(super) fn deadline(entry: &Entry) -> Option<Duration> {
    match &entry.kind {
        Kind::Call(call) => call.deadline,
        _ => None,
    }
}

/// A request that is not serialised yet.
impl Session {
    /// [`Self::call`] with a value of a generated type.
    ///
    /// # Errors
    /// Those of [`Self::call`]; [`CallError::Length`] too if the value can't be written.
    pub fn call_function(
        &mut self,
        now: Now,
        request: &(impl TlWrite + ?Sized),
        options: CallOptions,
    ) -> Result<CallId, CallError> {
        let mut body = self.core.outbox.buffer();
        let written = request.write_to(&mut body);
        let result = match written {
            Ok(()) => self.call(now, &body, options),
            Err(_) => Err(CallError::Length { len: 0 }),
        };
        self.core.outbox.recycle(body);
        result
    }
}
