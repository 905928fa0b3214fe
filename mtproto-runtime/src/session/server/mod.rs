//! The server's session: requests in, answers and updates out.

mod after;
mod drop_answer;
mod http_wait;
mod refusal;
mod requests;
mod resend;
mod salts;
mod table;

use core::ops::Range;
use core::time::Duration;
use std::sync::Arc;

pub use requests::Congested;
pub use salts::KeySalts;

use super::ack;
use super::bad_msg::code;
use super::core::{Core, Purpose, Unsealed};
use super::error::{Rule, Violation};
use super::inbox::Inbox;
use super::msg_id::{Cause, PAST, SetBack};
use super::outbox::{Kind, State};
use super::replay::{Mark, ReplayWindow};
use super::salt::ValidSalts;
use super::seq_no::{Order, SeqOrder, is_content_related};
use super::wire::{self, Ids};
use crate::crypto::packet::Message;
use crate::service::{Container, container, functions, gzip, types};
use crate::tl::Identified;
use crate::{Now, Side, service};

/// How strict a server is with sequence numbers, of which clients have different ideas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SeqNoCheck {
    /// Requests must have odd ones (code 35).
    #[default]
    Requests,
    /// Acks and containers must have even ones too (34), and order must be that of the ids
    /// (32, 33).
    Strict,
}

/// How a server's session behaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Config {
    /// How long acks wait for a message to travel with.
    pub ack_delay: Duration,
    /// How many of them don't wait any longer.
    pub ack_batch: usize,
    /// After what time without ack a message is sent again; the second time it is twice as long.
    pub resend_after: Duration,
    /// How often, before it is given up.
    pub max_resends: u8,
    /// Most requests at a time; more are answered with an error.
    pub max_requests: usize,
    /// Most requests that wait for another (`invokeAfterMsg`).
    pub max_held: usize,
    /// Most bytes of them.
    pub max_held_bytes: usize,
    /// With more bytes than this waiting for acks, requests are answered with an error and pushes
    /// are refused.
    pub max_bytes: usize,
    /// How long a request waits for one that has not come yet.
    pub wait_for_missing: Duration,
    /// Most bytes that the packed values of one packet may have when they are unpacked.
    pub max_unpacked: usize,
    /// Whether packed requests are unpacked before the application gets them. One that shares this
    /// value among threads, behind a lock, better does it itself
    /// ([`wrappers`](crate::service::wrappers)): unpacking may take long. Then the packed forms of
    /// service messages are bounded by 128 KiB.
    pub unpack_requests: bool,
    /// Whether long answers and updates are packed.
    pub gzip: bool,
    /// How strict the server is with sequence numbers.
    pub seq_no_check: SeqNoCheck,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ack_delay: Duration::from_secs(15),
            ack_batch: 16,
            resend_after: Duration::from_secs(60),
            max_resends: 4,
            max_requests: 4096,
            max_held: 256,
            max_held_bytes: 1 << 20,
            max_bytes: 16 << 20,
            wait_for_missing: Duration::from_millis(500),
            max_unpacked: gzip::DEFAULT_LIMIT,
            unpack_requests: true,
            gzip: true,
            seq_no_check: SeqNoCheck::default(),
        }
    }
}

/// A request: the msg_id under which it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub i64);

/// What a session tells its user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The client asks for something: answer with [`Session::reply`].
    Request {
        /// Names it until it is answered.
        request: RequestId,
        /// The serialised function, unpacked unless [`Config::unpack_requests`] says otherwise,
        /// without the `invokeAfterMsg` that it came in. Those within other wrappers are still
        /// there; they have been seen to as well.
        body: &'a [u8],
    },
    /// The client does not want the answer any more. It may still be replied to; nothing is sent.
    Dropped {
        /// Which request.
        request: RequestId,
    },
    /// The client wants another session of its key to be destroyed: answer with
    /// [`Session::session_destroyed`].
    DestroySession {
        /// Which session.
        session_id: i64,
    },
    /// The client wants its key to be destroyed: answer with [`Session::key_destroyed`].
    DestroyAuthKey,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Record {
    Request(RequestId, Range<usize>),
    Dropped(RequestId),
    DestroySession(i64),
    DestroyAuthKey,
}

/// A server's session.
///
/// It takes verified messages and yields the beginnings of packets; encryption and bytes are the
/// connection's. It outlives connections: tell it of a new one by [`Self::handle_connected`].
///
/// - Getters: [`Self::id`], [`Self::is_idle`], [`Self::disconnect_at`], [`Self::respond_at`].
/// - Commands: [`Self::reply`], [`Self::push`].
/// - What has happened: [`Self::handle_message`], [`Self::handle_timeout`],
///   [`Self::handle_connected`], [`Self::handle_disconnected`].
/// - What is to be done: [`Self::poll_event`], [`Self::poll_packet`], [`Self::poll_timeout`], in
///   this order after each of the above, each until it returns `None`.
#[derive(Clone, Debug)]
pub struct Session {
    core: Core,
    config: Arc<Config>,
    unique_id: i64,
    salts: Option<ValidSalts>,
    inbox: Inbox<Record>,
    /// Bytes that have come out of what was packed in this packet.
    unpacked: usize,
    /// Ids that messages of this packet speak of.
    spoken_of: usize,
    connected: bool,
    announced: bool,
    order: SeqOrder,
    requests: table::Table,
    /// How many of them the application has not answered.
    unanswered: usize,
    /// Requests that have to come after others; few clients have any.
    after: Option<Box<after::After>>,
    scan_at: Option<Duration>,
    disconnect_at: Option<Duration>,
    /// Whether somebody knows already that acks are due.
    acks_told: bool,
    set_back: SetBack,
    /// How long the next packet may wait, over HTTP.
    http_wait: Option<Box<http_wait::Waiting>>,
}

impl Session {
    /// A session that a client has begun by using its id for the first time. `unique_id` is random.
    ///
    /// Messages with ids up to `forgotten` are refused: the server can't tell whether it has
    /// received them before, in an earlier session of this id or before it was restarted.
    #[must_use]
    pub fn new(id: i64, unique_id: i64, forgotten: i64, config: impl Into<Arc<Config>>) -> Self {
        let mut core = Core::new(Side::Server, id);
        core.replay.forget(forgotten);
        Self {
            core,
            config: config.into(),
            unique_id,
            salts: None,
            inbox: Inbox::new(),
            unpacked: 0,
            spoken_of: 0,
            connected: false,
            announced: false,
            order: SeqOrder::new(),
            requests: table::Table::default(),
            unanswered: 0,
            after: None,
            scan_at: None,
            disconnect_at: None,
            acks_told: false,
            set_back: SetBack::new(),
            http_wait: None,
        }
    }

    /// The same, with all that is known of earlier sessions of the key.
    pub(crate) fn after(
        id: i64,
        unique_id: i64,
        forgotten: i64,
        received: &ReplayWindow,
        config: Arc<Config>,
    ) -> Self {
        let mut session = Self::new(id, unique_id, forgotten, config);
        session.core.replay.take_over(received);
        session
    }

    /// The ids of its messages are above that of whatever was sent in its name before.
    pub(crate) fn go_on_after(&mut self, last_id: i64) {
        self.core.ids.go_on_after(last_id);
    }

    /// How many service messages wait to be sent: what the next message is refused by comes behind.
    pub(crate) fn controls(&self) -> usize {
        self.core.controls.len()
    }

    /// Writes the service message that was queued last as a packet of its own, for a connection over
    /// which the session does not speak.
    pub(crate) fn write_last_control(
        &mut self,
        now: Now,
        salts: KeySalts<'_>,
        out: &mut Vec<u8>,
    ) -> Option<Unsealed> {
        let salt = self.valid_salts(now, salts).current;
        self.core.write_last_control(now, salt, out)
    }

    /// What it has received.
    pub(crate) fn received(&self) -> &ReplayWindow {
        &self.core.replay
    }

    /// The session id.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.core.session_id
    }

    /// Whether nothing is going on: no request, and no message that waits for an ack.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.requests.is_empty() && self.core.outbox.len() == 0
    }

    /// How many requests the application has not answered.
    #[must_use]
    pub fn running(&self) -> usize {
        self.unanswered
    }

    /// How many messages wait for an ack, and how many bytes they have.
    #[must_use]
    pub fn unacknowledged(&self) -> (usize, usize) {
        (self.core.outbox.len(), self.core.outbox.bytes())
    }

    /// The highest id of a message that was received, though it may have been refused as too new:
    /// a later session of this id has to refuse all up to it.
    #[must_use]
    pub fn highest_received(&self) -> i64 {
        self.core.replay.highest()
    }

    /// When the client wants the connection to be closed, by the monotonic clock, unless it pings
    /// again before (`ping_delay_disconnect`).
    #[must_use]
    pub fn disconnect_at(&self) -> Option<Duration> {
        self.disconnect_at
    }

    /// A connection is there, over which nothing of this session was sent yet.
    pub fn handle_connected(&mut self, now: Now) {
        self.connected = true;
        self.disconnect_at = None;
        self.resend_all(now);
    }

    /// The connection is gone.
    pub fn handle_disconnected(&mut self) {
        self.connected = false;
        self.disconnect_at = None;
        self.http_wait = None;
        self.core.controls.clear();
    }

    /// A message has come that the holder of the key made.
    ///
    /// # Errors
    /// [`Violation`]: the client breaks the protocol in a way that no answer is provided for.
    pub fn handle_message(
        &mut self,
        now: Now,
        message: &Message<'_>,
        salts: KeySalts<'_>,
    ) -> Result<(), Violation> {
        match self.admit(now, message, salts)? {
            true => self.take(now, message, salts),
            false => Ok(()),
        }
    }

    /// Whether a message is taken: it is remembered then, and [`Self::take`] has to be called.
    /// Otherwise the client is told what is wrong with it.
    pub(crate) fn admit(
        &mut self,
        now: Now,
        message: &Message<'_>,
        salts: KeySalts<'_>,
    ) -> Result<bool, Violation> {
        let header = message.header;
        if header.session_id != self.core.session_id {
            return Err(violation(Rule::SessionId));
        }
        self.forget_old(now);
        let is_container = Container::is_one(message.body);
        let outer = Heard {
            msg_id: header.msg_id,
            seq_no: header.seq_no,
        };
        if !self.judge(now, outer, is_container) {
            return Ok(false);
        }
        let valid = self.valid_salts(now, salts);
        if !valid.accept(header.salt) {
            self.refuse_salt(outer, valid.current);
            return Ok(false);
        }
        Ok(match is_container {
            true => self.admit_container(now, outer, message.body),
            false => self.admit_one(now, outer, message.body),
        })
    }

    /// What an admitted message says takes effect.
    pub(crate) fn take(
        &mut self,
        now: Now,
        message: &Message<'_>,
        salts: KeySalts<'_>,
    ) -> Result<(), Violation> {
        self.unpacked = 0;
        self.spoken_of = 0;
        let outer = Heard {
            msg_id: message.header.msg_id,
            seq_no: message.header.seq_no,
        };
        if let Ok(container) = Container::read_unchecked(message.body) {
            for message in container {
                let inner = Heard {
                    msg_id: message.msg_id,
                    seq_no: message.seq_no,
                };
                self.handle_inner(now, inner, message.body, salts)
                    .map_err(violation)?;
            }
        } else {
            self.dispatch(now, outer, message.body, salts, true)
                .map_err(violation)?;
        }
        if !self.announced {
            let salt = self.valid_salts(now, salts).current;
            self.announce(salt);
        }
        Ok(())
    }

    fn admit_container(&mut self, now: Now, outer: Heard, body: &[u8]) -> bool {
        let fits = |inner: &container::Message<'_>| inner.msg_id < outer.msg_id;
        if !matches!(Container::read_if(body, fits), Ok(Some(_))) {
            self.refuse(outer, code::CONTAINER);
            return false;
        }
        if self.is_strict() && is_content_related(outer.seq_no) {
            self.refuse(outer, code::SEQ_EVEN);
            return false;
        }
        self.core.remember(now, outer.msg_id, Mark::Container);
        true
    }

    /// A message that is new and in time.
    fn admit_one(&mut self, now: Now, heard: Heard, body: &[u8]) -> bool {
        if let Some(code) = self.misnumbered(heard, body) {
            self.refuse(heard, code);
            return false;
        }
        let mark = match is_content_related(heard.seq_no) {
            true => Mark::Content,
            false => Mark::NoAck,
        };
        self.core.remember(now, heard.msg_id, mark);
        true
    }

    /// A message in another.
    fn handle_inner(
        &mut self,
        now: Now,
        heard: Heard,
        body: &[u8],
        salts: KeySalts<'_>,
    ) -> Result<(), Rule> {
        // What is beyond is as good as lost: it is not remembered, and taken when it comes again in another
        // packet.
        let ids = ids_looked_for(body);
        if self.judge(now, heard, false)
            && self.may_speak_of(ids)
            && self.admit_one(now, heard, body)
        {
            self.spoken_of += ids;
            self.dispatch(now, heard, body, salts, true)?;
        }
        Ok(())
    }

    /// Whether the packet may have us look for so many ids more.
    fn may_speak_of(&self, count: usize) -> bool {
        count == 0 || self.spoken_of + count <= MAX_SPOKEN_OF
    }

    fn dispatch(
        &mut self,
        now: Now,
        heard: Heard,
        body: &[u8],
        salts: KeySalts<'_>,
        may_be_packed: bool,
    ) -> Result<(), Rule> {
        let msg_id = heard.msg_id;
        let Some(id) = service::id(body) else {
            return Err(Rule::Form);
        };
        match id {
            wire::MSGS_ACK => self.on_ack(wire::ids(body)?),
            functions::Ping::ID => {
                let ping: functions::Ping = wire::read(body)?;
                self.answer_ping(msg_id, ping.ping_id);
            }
            functions::PingDelayDisconnect::ID => {
                let ping: functions::PingDelayDisconnect = wire::read(body)?;
                let delay = u64::try_from(ping.disconnect_delay).unwrap_or(0);
                let at = now.monotonic.saturating_add(Duration::from_secs(delay));
                self.disconnect_at = Some(at);
                self.answer_ping(msg_id, ping.ping_id);
            }
            functions::GetFutureSalts::ID => {
                let ask: functions::GetFutureSalts = wire::read(body)?;
                self.answer_future_salts(now, msg_id, ask.num, salts);
            }
            wire::MSGS_STATE_REQ => self.on_state_req(msg_id, wire::ids(body)?),
            wire::MSG_RESEND_REQ => self.on_resend_req(msg_id, wire::ids(body)?),
            types::MsgResendAnsReq::ID => self.on_resend_answers(wire::ids(body)?),
            types::MsgsAllInfo::ID => {
                let (ids, info) = wire::read_all_info(body)?;
                self.on_all_info(ids, info);
            }
            functions::RpcDropAnswer::ID => {
                let drop: functions::RpcDropAnswer = wire::read(body)?;
                self.bound_unacknowledged()?;
                self.on_drop_answer(now, msg_id, drop.req_msg_id);
            }
            functions::DestroySession::ID => {
                let destroy: functions::DestroySession = wire::read(body)?;
                self.inbox.push(Record::DestroySession(destroy.session_id));
            }
            functions::DestroyAuthKey::ID => self.inbox.push(Record::DestroyAuthKey),
            types::HttpWait::ID => self.on_http_wait(now, &wire::read(body)?),
            // Notices about messages that need none.
            types::MsgsStateInfo::ID
            | types::BadMsgNotification::ID
            | types::MsgDetailedInfo::ID
            | types::MsgNewDetailedInfo::ID => {}
            container::COPY_ID => {
                let copy = container::Message::read_copy(body);
                let Some(copy) = copy.ok().filter(|copy| copy.msg_id < msg_id) else {
                    self.refuse(heard, code::CONTAINER);
                    return Ok(());
                };
                let inner = Heard {
                    msg_id: copy.msg_id,
                    seq_no: copy.seq_no,
                };
                self.handle_inner(now, inner, copy.body, salts)?;
            }
            container::CONTAINER_ID => self.refuse(heard, code::CONTAINER),
            gzip::GZIP_PACKED_ID => {
                if may_be_packed && !self.config.unpack_requests && self.is_packed_request(body) {
                    self.bound_unacknowledged()?;
                    self.on_request(now, msg_id, body);
                    return Ok(());
                }
                let mut most = self.config.max_unpacked;
                let mut work = 0;
                if !self.config.unpack_requests {
                    most = most.min(MAX_PACKED_SERVICE);
                    work = body.len().saturating_mul(WORK);
                }
                // A container full of them shares one limit.
                let used = self.inbox.kept().max(self.unpacked);
                let unpacked = gzip::unpack(body, most.saturating_sub(used));
                // What can't be unpacked has cost as much as what could be.
                let length = unpacked.as_ref().map_or(most, Vec::len);
                self.unpacked = self.unpacked.saturating_add(length.max(work));
                match unpacked {
                    Ok(unpacked)
                        if may_be_packed
                            && !wire::holds_messages(&unpacked)
                            && self.may_speak_of(ids_looked_for(&unpacked)) =>
                    {
                        self.spoken_of += ids_looked_for(&unpacked);
                        self.dispatch(now, heard, &unpacked, salts, false)?;
                    }
                    _ => self.answer_error(now, msg_id, 400, "INPUT_FETCH_ERROR"),
                }
            }
            _ => {
                self.bound_unacknowledged()?;
                self.on_request(now, msg_id, body);
            }
        }
        Ok(())
    }

    /// Who never acknowledges makes us keep every answer, refusals too.
    fn bound_unacknowledged(&self) -> Result<(), Rule> {
        let outbox = &self.core.outbox;
        let is_bounded = outbox.len() / 4 <= self.config.max_requests
            && outbox.bytes() / 4 <= self.config.max_bytes;
        is_bounded.then_some(()).ok_or(Rule::Acks)
    }

    /// Whether what is packed is the application's, and waits for no other. A packet that has had us look at
    /// enough gets no other look: what it packs is the application's to refuse.
    fn is_packed_request(&mut self, body: &[u8]) -> bool {
        if self.unpacked >= MAX_PACKED_SERVICE {
            return true;
        }
        let (start, looked_at) = gzip::unpack_start(body, 4);
        self.unpacked = self.unpacked.saturating_add(looked_at * WORK);
        start.is_some_and(|start| {
            is_request(&start)
                && !matches!(
                    service::id(&start),
                    Some(wire::INVOKE_AFTER_MSG | wire::INVOKE_AFTER_MSGS)
                )
        })
    }

    /// What has happened next.
    pub fn poll_event(&mut self) -> Option<Event<'_>> {
        let record = self.inbox.pop()?;
        Some(self.event(record))
    }

    /// The same, without taking it.
    pub(crate) fn peek_event(&self) -> Option<Event<'_>> {
        let record = self.inbox.peek()?.clone();
        Some(self.event(record))
    }

    pub(crate) fn has_events(&self) -> bool {
        self.inbox.peek().is_some()
    }

    fn event(&self, record: Record) -> Event<'_> {
        match record {
            Record::Request(request, range) => Event::Request {
                request,
                body: self.inbox.bytes(range),
            },
            Record::Dropped(request) => Event::Dropped { request },
            Record::DestroySession(session_id) => Event::DestroySession { session_id },
            Record::DestroyAuthKey => Event::DestroyAuthKey,
        }
    }

    /// Whether [`Self::poll_packet`] would yield one.
    pub(crate) fn has_packets(&mut self, now: Now) -> bool {
        let has_messages = self.core.has_messages();
        self.note_outgoing(now);
        self.connected && (has_messages || self.acks_are_due(now))
    }

    fn acks_are_due(&self, now: Now) -> bool {
        self.core
            .acks
            .deadline(self.config.ack_delay, self.config.ack_batch)
            .is_some_and(|due| due <= now.monotonic)
    }

    /// Appends the beginning of the next packet to `out`, if one is to be sent: room for auth key
    /// id and msg_key, header and body; padding and encryption are the caller's.
    pub fn poll_packet(
        &mut self,
        now: Now,
        salts: KeySalts<'_>,
        out: &mut Vec<u8>,
    ) -> Option<Unsealed> {
        if !self.has_packets(now) {
            return None;
        }
        let acks_due = self.acks_are_due(now);
        self.acks_told = false;
        let salt = self.valid_salts(now, salts).current;
        let after = self.config.resend_after;
        let written = self.core.write_packet(
            now,
            salt,
            acks_due,
            |entry, now| {
                let wait = after.saturating_mul(1 << entry.tries.min(6));
                entry.due = now.monotonic.saturating_add(wait);
            },
            out,
        );
        if written.is_some() {
            self.http_wait = None;
            self.scan_by(now.monotonic.saturating_add(after));
        }
        written
    }

    /// When [`Self::handle_timeout`] wants to be called, by the monotonic clock.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let after = self.after.as_ref().and_then(|after| after.at());
        let mut due = [self.scan_at, after, None, None];
        if self.connected {
            if !self.acks_told {
                due[2] = self
                    .core
                    .acks
                    .deadline(self.config.ack_delay, self.config.ack_batch);
            }
            due[3] = self.disconnect_at;
        }
        due.into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        // Until they are sent, one call about them is enough.
        self.acks_told = self.acks_are_due(now);
        let after = self.after.as_ref().and_then(|after| after.at());
        if after.is_some_and(|at| at <= now.monotonic) {
            self.release(now);
        }
        if self.scan_at.is_some_and(|at| at <= now.monotonic) {
            self.scan(now);
        }
    }

    /// Looks through all messages: which have waited too long?
    fn scan(&mut self, now: Now) {
        self.forget_old(now);
        if self.connected {
            self.resend_due(now);
        }
        if self.is_idle() || !self.connected {
            self.give_back();
        }
        let sent = self
            .core
            .outbox
            .iter()
            .filter(|(_, entry)| self.connected && entry.state == State::Sent)
            .map(|(_, entry)| entry.due);
        self.scan_at = sent
            .min()
            // Not more often than makes sense, whatever is due.
            .map(|at| at.max(now.monotonic.saturating_add(Duration::from_millis(10))));
    }

    /// Gives back what a busy hour has needed.
    fn give_back(&mut self) {
        self.core.give_back();
        self.inbox.give_back();
        self.requests.give_back();
    }

    fn scan_by(&mut self, due: Duration) {
        self.scan_at = Some(self.scan_at.map_or(due, |at| at.min(due)));
    }

    /// Ids that are too old to be taken need not be kept.
    fn forget_old(&mut self, now: Now) {
        let time = self.core.ids.time(now);
        let oldest = time.saturating_sub(PAST);
        if self.core.replay.lowest().is_some_and(|id| id < oldest) {
            self.core.replay.forget_below(oldest);
        }
        if let Some(refused) = self.set_back.notice(time) {
            self.core.replay.forget(refused);
        }
    }

    fn is_strict(&self) -> bool {
        self.config.seq_no_check == SeqNoCheck::Strict
    }

    /// What is wrong with the sequence number, if anything that this server minds.
    fn misnumbered(&mut self, heard: Heard, body: &[u8]) -> Option<i32> {
        let odd = is_content_related(heard.seq_no);
        if is_request(body) && !odd {
            return Some(code::SEQ_ODD);
        }
        if !self.is_strict() {
            return None;
        }
        let wants_even = matches!(
            service::id(body),
            Some(wire::MSGS_ACK | types::HttpWait::ID)
        );
        if wants_even && odd {
            return Some(code::SEQ_EVEN);
        }
        let code = match self.order.judge(heard.msg_id, heard.seq_no) {
            Order::Good => return None,
            Order::TooLow => code::SEQ_TOO_LOW,
            Order::TooHigh => code::SEQ_TOO_HIGH,
        };
        // It may fit into the order one day. The client sends it under another id.
        self.core.replay.insert(heard.msg_id, Mark::Refused);
        Some(code)
    }

    /// Tells the client of the new session, once something of it has been taken.
    fn announce(&mut self, salt: i64) {
        let Some(first_msg_id) = self.core.replay.first_taken() else {
            return;
        };
        self.announced = true;
        let created = types::NewSessionCreated {
            first_msg_id,
            unique_id: self.unique_id,
            server_salt: salt,
        };
        self.core
            .outbox
            .insert(Kind::NewSession, |body| wire::write(&created, body));
    }

    fn answer_ping(&mut self, msg_id: i64, ping_id: i64) {
        self.core.control(Cause::Answer, Purpose::None, |out| {
            wire::write(&types::Pong { msg_id, ping_id }, out);
        });
    }
}

/// Id and sequence number of a message of the client's.
#[derive(Clone, Copy, Debug)]
struct Heard {
    msg_id: i64,
    seq_no: i32,
}

/// Most ids that all messages of a packet may speak of: a message of acks, one that asks for states and one
/// that asks for messages, each as long as it may be.
const MAX_SPOKEN_OF: usize = 3 * ack::MAX_IDS;

/// How many ids of those that a message speaks of are looked for.
fn ids_looked_for(body: &[u8]) -> usize {
    wire::count_of_ids(body).min(ack::MAX_IDS)
}

/// Most bytes of unpacked service messages of a packet, where requests are not unpacked here.
const MAX_PACKED_SERVICE: usize = 128 << 10;

/// A byte that goes in is as much work as so many that come out: there may be a block in each.
const WORK: usize = 8;

/// Whether it is the application's. Packed ones may be anything.
fn is_request(body: &[u8]) -> bool {
    !matches!(
        service::id(body),
        Some(
            wire::MSGS_ACK
                | functions::Ping::ID
                | functions::PingDelayDisconnect::ID
                | functions::GetFutureSalts::ID
                | wire::MSGS_STATE_REQ
                | wire::MSG_RESEND_REQ
                | types::MsgResendAnsReq::ID
                | types::MsgsAllInfo::ID
                | types::MsgsStateInfo::ID
                | types::BadMsgNotification::ID
                | types::MsgDetailedInfo::ID
                | types::MsgNewDetailedInfo::ID
                | functions::RpcDropAnswer::ID
                | functions::DestroySession::ID
                | functions::DestroyAuthKey::ID
                | types::HttpWait::ID
                | container::COPY_ID
                | container::CONTAINER_ID
                | gzip::GZIP_PACKED_ID
        )
    )
}

const fn violation(rule: Rule) -> Violation {
    Violation {
        by: Side::Client,
        rule,
    }
}
