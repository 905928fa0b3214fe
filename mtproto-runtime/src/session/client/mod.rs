//! The client's session: calls out, answers and updates in.

mod bad_msg;
mod calls;
mod destroy;
mod detailed_info;
mod new_session;
mod ping;
mod run;
mod salts;
mod states;

use core::ops::Range;
use core::time::Duration;

use super::bad_msg::code;
use super::core::{Core, Unsealed};
use super::error::{CallError, Rule, Violation};
use super::inbox::Inbox;
use super::msg_id::{self, Age};
use super::outbox::{Key, State};
use super::replay::{Known, Mark};
use super::salt::{FutureSalt, Salts};
use super::seq_no::is_content_related;
use super::wire;
use crate::crypto::packet::Message;
use crate::service::{Container, RpcResult, container, gzip, types};
use crate::tl::{Identified, TlRead};
use crate::{Now, Side, service};

/// How a client's session behaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Config {
    /// How long acks wait for a message to travel with.
    pub ack_delay: Duration,
    /// How many of them don't wait any longer.
    pub ack_batch: usize,
    /// After what time without answer or ack the server is asked what became of a message; the
    /// second time it is twice as long, and so on.
    pub ask_after: Duration,
    /// How often the server is pinged.
    pub ping_every: Duration,
    /// When the server may close a connection that sends no pings.
    pub disconnect_delay: Duration,
    /// How long an answer to a ping may take before the connection counts as dead.
    pub ping_timeout: Duration,
    /// Most calls at a time.
    pub max_calls: usize,
    /// Most bytes of calls at a time.
    pub max_bytes: usize,
    /// Longest request.
    pub max_request: usize,
    /// Most bytes that the packed values of one packet may have when they are unpacked.
    pub max_unpacked: usize,
    /// Whether long requests are packed.
    pub gzip: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ack_delay: Duration::from_secs(30),
            ack_batch: 16,
            ask_after: Duration::from_secs(10),
            ping_every: Duration::from_secs(60),
            disconnect_delay: Duration::from_secs(75),
            ping_timeout: Duration::from_secs(20),
            max_calls: 1 << 16,
            max_bytes: 64 << 20,
            max_request: 2 << 20,
            max_unpacked: gzip::DEFAULT_LIMIT,
            gzip: true,
        }
    }
}

/// A call, from [`Session::call`] until its [`Event::Answer`] or [`Event::Failed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub(super) Key);

impl CallId {
    /// As a number, which no other call of the session has.
    #[must_use]
    pub const fn to_u64(self) -> u64 {
        self.0.to_u64()
    }
}

/// How a call is to be treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CallOptions {
    /// When to give up.
    pub timeout: Option<Duration>,
    /// Whether the server may run it twice. Only then it is sent again when the server has
    /// forgotten whether it did; otherwise it fails with [`CallError::Lost`].
    pub repeatable: bool,
    /// Whether the server is to tell at once that the packet has arrived: [`Event::QuickAck`].
    pub quick_ack: bool,
    /// The server is to run it when it is done with this one.
    pub after: Option<CallId>,
}

impl CallOptions {
    /// Gives up after this time.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// May be run twice.
    #[must_use]
    pub const fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Wants a quick ack.
    #[must_use]
    pub const fn quick_ack(mut self) -> Self {
        self.quick_ack = true;
        self
    }

    /// Runs after another call.
    #[must_use]
    pub const fn after(mut self, call: CallId) -> Self {
        self.after = Some(call);
        self
    }
}

/// What a session tells its user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A call has its result: a value of the type that the request asked for.
    Answer {
        /// The call.
        call: CallId,
        /// The serialised value, unpacked.
        body: &'a [u8],
    },
    /// A call has none and will get none.
    Failed {
        /// The call.
        call: CallId,
        /// Why.
        error: CallError,
    },
    /// The packet with this call has arrived at the server.
    QuickAck {
        /// The call.
        call: CallId,
    },
    /// A message of the server's own, updates for example.
    Update {
        /// The serialised value, unpacked.
        body: &'a [u8],
    },
    /// The server has begun the session anew: updates may have been missed.
    NewSession {
        /// Differs each time.
        unique_id: i64,
    },
    /// The client had to begin a new session, with this id, because its clock was wrong.
    Renewed {
        /// The new session id.
        session_id: i64,
    },
    /// An answer to a ping.
    Pong {
        /// The number of the ping.
        ping_id: i64,
        /// How long it took.
        rtt: Duration,
    },
    /// The server has told the salts that it will want, as it is asked from time to time and by
    /// [`Session::ask_for_salts`].
    Salts {
        /// How many are known now besides the one in use.
        count: usize,
    },
    /// Another session of this key was destroyed, or was not there.
    SessionDestroyed {
        /// Its id.
        session_id: i64,
        /// Whether it was there.
        found: bool,
    },
    /// The server has answered `destroy_auth_key`.
    KeyDestroyed {
        /// Whether the key can't be used any more.
        destroyed: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Record {
    Answer(CallId, Range<usize>),
    /// Rare, and long.
    Failed(CallId, Box<CallError>),
    QuickAck(CallId),
    Update(Range<usize>),
    NewSession(i64),
    Renewed(i64),
    Pong(i64, Duration),
    Salts(usize),
    SessionDestroyed(i64, bool),
    KeyDestroyed(bool),
}

/// A client's session.
///
/// It takes verified messages and yields the beginnings of packets; encryption and bytes are the
/// connection's. It outlives connections: tell it of a new one by [`Self::handle_connected`].
///
/// - Getters: [`Self::id`], [`Self::pending`], [`Self::server_time`].
/// - Commands: [`Self::call`], [`Self::cancel`], [`Self::ping`], [`Self::ask_for_salts`],
///   [`Self::destroy_session`], [`Self::destroy_auth_key`], [`Self::close`].
/// - What has happened: [`Self::handle_message`], [`Self::handle_timeout`],
///   [`Self::handle_connected`], [`Self::handle_disconnected`].
/// - What is to be done: [`Self::poll_event`], [`Self::poll_packet`], [`Self::poll_timeout`], in
///   this order after each of the above, each until it returns `None`.
#[derive(Clone, Debug)]
pub struct Session {
    pub(super) core: Core,
    config: Config,
    salts: Salts,
    inbox: Inbox<Record>,
    connected: bool,
    /// When entries have to be looked through at the latest.
    scan_at: Option<Duration>,
    ping: ping::Ping,
    /// Which messages the server was asked about.
    asked: Vec<Key>,
    /// When future salts were asked for.
    salts_asked: Option<Duration>,
    /// The id of the latest notice that the salt was wrong.
    salted: i64,
    /// The `unique_id` of the server's latest session.
    unique_id: Option<i64>,
    /// Whether the clock was so wrong that a new session must begin.
    renewal: bool,
    /// What both clocks said last, to notice when one of them jumps.
    clocks: Option<Now>,
    /// Whether somebody knows already that acks are due.
    acks_told: bool,
}

impl Session {
    /// A session with a random id, and the first salt of the key or the latest known.
    #[must_use]
    pub fn new(id: i64, salt: i64, config: Config) -> Self {
        Self {
            core: Core::new(Side::Client, id),
            config,
            salts: Salts::new(salt),
            inbox: Inbox::new(),
            connected: false,
            scan_at: None,
            ping: ping::Ping::default(),
            asked: Vec::new(),
            salts_asked: None,
            salted: 0,
            unique_id: None,
            renewal: false,
            clocks: None,
            acks_told: false,
        }
    }

    /// The session id.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.core.session_id
    }

    /// How many calls and service queries are not yet answered.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.core.outbox.len()
    }

    #[cfg(feature = "test-util")]
    pub(crate) fn debug_pending(&self) -> String {
        let entries: Vec<_> = self
            .core
            .outbox
            .iter()
            .map(|(_, e)| (&e.kind, e.state, e.msg_id, e.due, e.tries, e.packets))
            .collect();
        format!("{entries:?}")
    }

    /// The salt in use; worth keeping with the key.
    #[must_use]
    pub fn salt(&self) -> i64 {
        self.salts.current()
    }

    /// What time it is on the server, as Unix time in seconds. The client's own guess until the
    /// server has told.
    #[must_use]
    pub fn server_time(&self, now: Now) -> i64 {
        msg_id::to_seconds(self.core.ids.time(now))
    }

    /// The server's clock less the client's, in units of 2^-32 seconds, once it is known; worth
    /// keeping with the key.
    #[must_use]
    pub fn clock_offset(&self) -> Option<i64> {
        self.core.ids.is_synced().then_some(self.core.ids.offset())
    }

    /// Tells the session a clock offset, of a key exchange for example.
    pub fn set_clock_offset(&mut self, offset: i64) {
        self.core.ids.set_offset(offset);
    }

    /// The same for one of another day: it serves until the server has told its time.
    pub fn guess_clock_offset(&mut self, offset: i64) {
        self.core.ids.set_offset(offset);
        self.core.ids.unsync();
    }

    /// Whether the clock was so wrong that [`Self::renew`] has to be called.
    #[must_use]
    pub fn needs_renewal(&self) -> bool {
        self.renewal
    }

    /// Begins anew with another random id, as [`Self::needs_renewal`] asks for. Calls that the
    /// server may have seen fail unless they may be run twice.
    pub fn renew(&mut self, now: Now, id: i64) {
        let mut ids = msg_id::MsgIds::new(Side::Client);
        ids.set_offset(self.core.ids.offset());
        let outbox = core::mem::take(&mut self.core.outbox);
        self.core = Core {
            ids,
            outbox,
            connection: self.core.connection,
            ..Core::new(Side::Client, id)
        };
        self.renewal = false;
        self.asked.clear();
        self.unique_id = None;
        for key in self.core.outbox.select(|entry| entry.msg_id != 0) {
            self.lose(key);
        }
        self.inbox.push(Record::Renewed(id));
        self.handle_connected(now);
    }

    /// Goes on in another session, which has been used for nothing but its first steps. Calls that
    /// the server may have seen fail unless they may be run twice.
    pub(crate) fn adopt(&mut self, now: Now, other: Self) {
        let outbox = core::mem::take(&mut self.core.outbox);
        self.core = Core {
            outbox,
            connection: self.core.connection,
            ..other.core
        };
        self.salts = other.salts;
        self.unique_id = other.unique_id;
        self.renewal = false;
        for key in self.core.outbox.select(|entry| entry.msg_id != 0) {
            self.lose(key);
        }
        self.handle_connected(now);
    }

    /// How many calls were sent and not yet answered.
    pub(crate) fn in_flight(&self) -> usize {
        let sent = |entry: &super::outbox::Entry| entry.msg_id != 0;
        self.core
            .outbox
            .iter()
            .filter(|(_, entry)| sent(entry))
            .count()
    }

    /// Uses another salt from now on.
    pub(crate) fn set_salt(&mut self, salt: i64) {
        self.salts.set(salt);
    }

    /// A connection is there, over which nothing of this session was sent yet.
    pub fn handle_connected(&mut self, now: Now) {
        self.connected = true;
        self.core.connection = self.core.connection.wrapping_add(1);
        self.ping.restart(now);
        // What was sent over another connection may never have arrived.
        self.asked.clear();
        for key in self.core.outbox.select(|entry| entry.msg_id != 0) {
            self.recheck(now, key);
        }
        self.scan_at = Some(now.monotonic);
        self.handle_timeout(now);
    }

    /// The connection is gone.
    pub fn handle_disconnected(&mut self) {
        self.connected = false;
        self.core.controls.clear();
        self.asked.clear();
        self.salts_asked = None;
    }

    /// A message has come that the holder of the key made.
    ///
    /// # Errors
    /// [`Violation`]: the server breaks the protocol; nothing of the message was used.
    pub fn handle_message(&mut self, now: Now, message: &Message<'_>) -> Result<(), Violation> {
        self.handle_verified(now, message)
            .map_err(|rule| Violation {
                by: Side::Server,
                rule,
            })
    }

    fn handle_verified(&mut self, now: Now, message: &Message<'_>) -> Result<(), Rule> {
        self.notice_jump(now);
        let header = message.header;
        if header.session_id != self.core.session_id {
            return Err(Rule::SessionId);
        }
        if !msg_id::is_of(header.msg_id, Side::Server) {
            return Err(Rule::MsgIdParity);
        }
        self.ping.heard(now);
        let late = self.is_out_of_time(now, header.msg_id);
        if Container::is_one(message.body) {
            self.handle_container(now, header.msg_id, message.body, late)
        } else {
            self.handle_one(now, header.msg_id, header.seq_no, message.body, late)
        }
    }

    fn handle_container(
        &mut self,
        now: Now,
        msg_id: i64,
        body: &[u8],
        late: bool,
    ) -> Result<(), Rule> {
        let fits = |message: &container::Message<'_>| {
            message.msg_id < msg_id && msg_id::is_of(message.msg_id, Side::Server)
        };
        let Ok(Some(mut container)) = Container::read_if(body, fits) else {
            return Err(Rule::Container);
        };
        match self.core.replay.look_up(msg_id) {
            Known::No => {}
            // What is in it has been here, or is acknowledged and sent again.
            _ => return Ok(()),
        }
        let mut was_synced = self.core.ids.is_synced();
        let mut latest = self.latest(now);
        let mut run = run::Run::new(self.core.replay.highest());
        while let Some(message) = container.next() {
            // The container is new, so that a message in it may well be old: it is sent again.
            let late = late || message.msg_id > latest;
            if was_synced && !late {
                let end = body.len() - container.bytes_left();
                if self.take_in_order(now, &mut run, &message, body, end) {
                    continue;
                }
            }
            self.end_run(now, &mut run);
            self.handle_one(now, message.msg_id, message.seq_no, message.body, late)?;
            if !was_synced {
                was_synced = self.core.ids.is_synced();
                latest = self.latest(now);
            }
            run.go_on_above(self.core.replay.highest());
        }
        self.end_run(now, &mut run);
        if !late {
            self.core.remember(now, msg_id, Mark::Container);
        }
        Ok(())
    }

    #[inline]
    fn handle_one(
        &mut self,
        now: Now,
        msg_id: i64,
        seq_no: i32,
        body: &[u8],
        late: bool,
    ) -> Result<(), Rule> {
        let mark = match is_content_related(seq_no) {
            true => Mark::Content,
            false => Mark::NoAck,
        };
        match self.core.replay.look_up(msg_id) {
            // Notices about the time are used though the time is wrong.
            Known::No if late && !is_about_time(body) => {
                // Whose clock is wrong? The answer to a ping will tell.
                self.ping.hurry(now);
                return Ok(());
            }
            Known::No => {}
            // It may never have been here: the server has to go on, and to give it another id one day.
            Known::Forgotten => return Ok(()),
            Known::Yes(_) => {
                // The ack may have been lost.
                if mark == Mark::Content && !late {
                    self.core.acks.push(now.monotonic, msg_id);
                }
                return Ok(());
            }
        }
        match RpcResult::read(body) {
            // Most are.
            Some(result) => self.on_result(now, msg_id, &result),
            None => self.dispatch(now, msg_id, body, true)?,
        }
        // What is out of time wants no ack, whatever it says.
        let mark = if late { Mark::NoAck } else { mark };
        self.core.remember(now, msg_id, mark);
        Ok(())
    }

    fn dispatch(
        &mut self,
        now: Now,
        msg_id: i64,
        body: &[u8],
        may_be_packed: bool,
    ) -> Result<(), Rule> {
        let Some(id) = service::id(body) else {
            return Err(Rule::Form);
        };
        match id {
            service::rpc::RESULT_ID => {
                let result = RpcResult::read(body).ok_or(Rule::Form)?;
                self.on_result(now, msg_id, &result);
            }
            wire::MSGS_ACK => self.on_ack(wire::ids(body)?),
            types::BadMsgNotification::ID => {
                let types::BadMsgNotification {
                    bad_msg_id,
                    error_code,
                    ..
                } = wire::read(body)?;
                self.on_bad_msg(now, msg_id, bad_msg_id, error_code);
            }
            types::BadServerSalt::ID => {
                let salt: types::BadServerSalt = wire::read(body)?;
                self.on_bad_salt(now, msg_id, salt.bad_msg_id, salt.new_server_salt);
            }
            types::NewSessionCreated::ID => self.on_new_session(&wire::read(body)?),
            types::Pong::ID => self.on_pong(now, msg_id, &wire::read(body)?),
            types::FutureSalts::ID => self.on_future_salts(body)?,
            wire::MSGS_STATE_REQ => {
                self.core
                    .answer_state(msg_id, wire::ids(body)?, Core::state_of);
            }
            types::MsgsStateInfo::ID => self.on_state_info(now, &wire::read(body)?),
            types::MsgsAllInfo::ID => {
                let (ids, info) = wire::read_all_info(body)?;
                self.on_all_info(now, ids, info);
            }
            types::MsgDetailedInfo::ID => {
                let info: types::MsgDetailedInfo = wire::read(body)?;
                self.on_detailed_info(now, Some(info.msg_id), info.answer_msg_id);
            }
            types::MsgNewDetailedInfo::ID => {
                let info: types::MsgNewDetailedInfo = wire::read(body)?;
                self.on_detailed_info(now, None, info.answer_msg_id);
            }
            wire::MSG_RESEND_REQ => self.on_resend_req(msg_id, wire::ids(body)?),
            types::DestroySessionOk::ID => {
                let done: types::DestroySessionOk = wire::read(body)?;
                self.on_session_destroyed(done.session_id, true);
            }
            types::DestroySessionNone::ID => {
                let done: types::DestroySessionNone = wire::read(body)?;
                self.on_session_destroyed(done.session_id, false);
            }
            types::DestroyAuthKeyOk::ID | types::DestroyAuthKeyNone::ID => {
                self.on_key_destroyed(true);
            }
            types::DestroyAuthKeyFail::ID => self.on_key_destroyed(false),
            container::COPY_ID => {
                let copy = container::Message::read_copy(body).map_err(|_| Rule::Container)?;
                if !msg_id::is_of(copy.msg_id, Side::Server) || copy.msg_id >= msg_id {
                    return Err(Rule::Container);
                }
                self.handle_one(now, copy.msg_id, copy.seq_no, copy.body, false)?;
            }
            container::CONTAINER_ID => return Err(Rule::Container),
            gzip::GZIP_PACKED_ID => {
                let room = self.room();
                // What can't be unpacked is a message that can't be understood.
                if may_be_packed
                    && let Ok(unpacked) = gzip::unpack(body, room)
                    && !wire::holds_messages(&unpacked)
                {
                    let (before, kept) = (self.inbox.unpacked(), self.inbox.kept());
                    let taken = self.dispatch(now, msg_id, &unpacked, false);
                    // Of what was unpacked, what is kept.
                    self.inbox.set_unpacked(before + (self.inbox.kept() - kept));
                    return taken;
                }
            }
            _ => {
                let range = self.inbox.keep(body);
                self.inbox.push(Record::Update(range));
            }
        }
        Ok(())
    }

    /// How many bytes of packed values may still be unpacked, and kept until they are told.
    fn room(&self) -> usize {
        self.config
            .max_unpacked
            .saturating_sub(self.inbox.unpacked())
    }

    /// What has happened next.
    #[inline]
    pub fn poll_event(&mut self) -> Option<Event<'_>> {
        let record = self.inbox.pop()?;
        Some(match record {
            Record::Answer(call, range) => Event::Answer {
                call,
                body: self.inbox.bytes(range),
            },
            Record::Failed(call, error) => Event::Failed {
                call,
                error: *error,
            },
            Record::QuickAck(call) => Event::QuickAck { call },
            Record::Update(range) => Event::Update {
                body: self.inbox.bytes(range),
            },
            Record::NewSession(unique_id) => Event::NewSession { unique_id },
            Record::Renewed(session_id) => Event::Renewed { session_id },
            Record::Pong(ping_id, rtt) => Event::Pong { ping_id, rtt },
            Record::Salts(count) => Event::Salts { count },
            Record::SessionDestroyed(session_id, found) => {
                Event::SessionDestroyed { session_id, found }
            }
            Record::KeyDestroyed(destroyed) => Event::KeyDestroyed { destroyed },
        })
    }

    /// Appends the beginning of the next packet to `out`, if one is to be sent: room for auth key
    /// id and msg_key, header and body; padding and encryption are the caller's.
    pub fn poll_packet(&mut self, now: Now, out: &mut Vec<u8>) -> Option<Unsealed> {
        if !self.connected || self.renewal {
            return None;
        }
        self.notice_jump(now);
        let acks_due = self.acks_are_due(now);
        self.acks_told = false;
        let salt = self.salts.at(self.server_time(now));
        let ask_after = self.config.ask_after;
        let written = self.core.write_packet(
            now,
            salt,
            acks_due,
            |entry, now| {
                entry.due = now
                    .monotonic
                    .saturating_add(backoff(ask_after, entry.tries));
            },
            out,
        );
        if written.is_some() {
            let due = now.monotonic.saturating_add(ask_after);
            self.scan_by(due);
        }
        written
    }

    /// When [`Self::handle_timeout`] wants to be called, by the monotonic clock.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let mut due = [self.scan_at, None, None];
        if self.connected {
            if !self.acks_told {
                due[1] = self
                    .core
                    .acks
                    .deadline(self.config.ack_delay, self.config.ack_batch);
            }
            due[2] = Some(self.ping.due(&self.config));
        }
        due.into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        self.notice_jump(now);
        // Until they are sent, one call about them is enough.
        self.acks_told = self.acks_are_due(now);
        if self.scan_at.is_some_and(|at| at <= now.monotonic) {
            self.scan(now);
        }
        if self.connected {
            self.ping_if_due(now);
            self.ask_for_salts_if_few(now);
        }
    }

    fn acks_are_due(&self, now: Now) -> bool {
        self.core
            .acks
            .deadline(self.config.ack_delay, self.config.ack_batch)
            .is_some_and(|due| due <= now.monotonic)
    }

    /// Whether the server has not answered a ping in time.
    #[must_use]
    pub fn is_dead(&self, now: Now) -> bool {
        self.connected && self.ping.is_overdue(now, &self.config)
    }

    /// A quick ack has come for a packet.
    pub(crate) fn handle_quick_ack(&mut self, packet: i64) {
        for key in self.core.in_packet(packet) {
            let entry = self.core.outbox.get(key);
            if entry.is_some_and(|entry| is_quick(&entry.kind)) {
                self.inbox.push(Record::QuickAck(CallId(key)));
            }
        }
    }

    /// Looks through all messages: which have waited too long?
    fn scan(&mut self, now: Now) {
        self.expire(now);
        if self.connected {
            self.ask(now);
        }
        if self.core.outbox.len() == 0 || !self.connected {
            self.core.give_back();
            self.inbox.give_back();
        }
        self.scan_at = self
            .core
            .outbox
            .iter()
            .filter_map(|(_, entry)| {
                let asks = self.connected && entry.state == State::Sent;
                let due = asks.then_some(entry.due);
                due.into_iter().chain(calls::deadline(entry)).min()
            })
            .min()
            // Not more often than makes sense, whatever is due.
            .map(|at| at.max(now.monotonic.saturating_add(Duration::from_millis(10))));
    }

    fn scan_by(&mut self, due: Duration) {
        self.scan_at = Some(self.scan_at.map_or(due, |at| at.min(due)));
    }

    fn is_out_of_time(&self, now: Now, msg_id: i64) -> bool {
        self.core.ids.is_synced() && msg_id::age(msg_id, self.core.ids.time(now)) != Age::Good
    }

    /// The highest id that is not ahead of the time.
    fn latest(&self, now: Now) -> i64 {
        match self.core.ids.is_synced() {
            true => self.core.ids.time(now).saturating_add(msg_id::FUTURE),
            false => i64::MAX,
        }
    }

    /// If the clock was set, the server's time goes on as before. If the machine has slept, it
    /// does not, so that nobody knows it any more.
    fn notice_jump(&mut self, now: Now) {
        const TOLERANCE: i64 = 5 * msg_id::SECOND;
        let Some(then) = self.clocks.replace(now) else {
            return;
        };
        let passed = now.monotonic.saturating_sub(then.monotonic);
        let expected = msg_id::from_unix(then.unix.saturating_add(passed));
        let jump = msg_id::from_unix(now.unix).saturating_sub(expected);
        if jump.saturating_abs() > TOLERANCE {
            let offset = self.core.ids.offset().saturating_sub(jump);
            self.core.ids.set_offset(offset);
            self.core.ids.unsync();
        }
    }

    /// The server's time is that of a message that has passed all checks and answers a fresh one.
    fn sync(&mut self, now: Now, msg_id: i64) {
        self.core.ids.sync(now, msg_id);
    }
}

fn is_about_time(body: &[u8]) -> bool {
    match service::id(body) {
        Some(types::BadServerSalt::ID | types::Pong::ID) => true,
        Some(types::BadMsgNotification::ID) => types::BadMsgNotification::from_bytes(body)
            .is_ok_and(|notice| matches!(notice.error_code, code::ID_TOO_LOW | code::ID_TOO_HIGH)),
        _ => false,
    }
}

fn is_quick(kind: &super::outbox::Kind) -> bool {
    matches!(kind, super::outbox::Kind::Call(call) if call.quick_ack)
}

/// Doubles with every try, up to a minute.
pub(super) fn backoff(first: Duration, tries: u8) -> Duration {
    let factor = 1_u32 << tries.min(6);
    first
        .saturating_mul(factor)
        .min(first.max(Duration::from_secs(60)))
}

/// What `future_salts` holds, one after the other.
fn read_salt(r: &mut crate::tl::Reader<'_>) -> FutureSalt {
    FutureSalt {
        valid_since: r.int(),
        valid_until: r.int(),
        salt: r.long(),
    }
}
