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
use std::collections::VecDeque;

pub use requests::Congested;
pub use salts::KeySalts;

use super::bad_msg::code;
use super::core::{Core, Purpose, Unsealed};
use super::error::{Rule, Violation};
use super::inbox::Inbox;
use super::msg_id::{Cause, FUTURE, PAST};
use super::outbox::{Kind, State};
use super::replay::{Mark, ReplayWindow};
use super::salt::ValidSalts;
use super::seq_no::{Order, SeqOrder, is_content_related};
use super::wire::{self, Ids};
use crate::crypto::packet::Message;
use crate::service::{Container, container, functions, gzip, types};
use crate::tl::{Identified, TlRead};
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
    config: Config,
    unique_id: i64,
    salts: Option<ValidSalts>,
    inbox: Inbox<Record>,
    /// Bytes that have come out of what was packed in this packet.
    unpacked: usize,
    connected: bool,
    announced: bool,
    order: SeqOrder,
    requests: table::Table,
    /// How many of them the application has not answered.
    unanswered: usize,
    /// What has been answered lately, and whether it went well.
    done: VecDeque<(i64, bool)>,
    held: Vec<after::Held>,
    scan_at: Option<Duration>,
    disconnect_at: Option<Duration>,
    /// Whether somebody knows already that acks are due.
    acks_told: bool,
    /// Messages below this id have been too old at some time.
    oldest: i64,
    /// How long the next packet may wait, over HTTP.
    http_wait: Option<http_wait::Waiting>,
}

impl Session {
    /// A session that a client has begun by using its id for the first time. `unique_id` is random.
    ///
    /// Messages with ids up to `forgotten` are refused: the server can't tell whether it has
    /// received them before, in an earlier session of this id or before it was restarted.
    #[must_use]
    pub fn new(id: i64, unique_id: i64, forgotten: i64, config: Config) -> Self {
        let mut core = Core::new(Side::Server, id);
        core.replay.forget(forgotten);
        Self {
            core,
            config,
            unique_id,
            salts: None,
            inbox: Inbox::new(),
            unpacked: 0,
            connected: false,
            announced: false,
            order: SeqOrder::new(),
            requests: table::Table::default(),
            unanswered: 0,
            done: VecDeque::new(),
            held: Vec::new(),
            scan_at: None,
            disconnect_at: None,
            acks_told: false,
            oldest: i64::MIN,
            http_wait: None,
        }
    }

    /// The same, with all that is known of earlier sessions of the key.
    pub(crate) fn after(id: i64, unique_id: i64, received: &ReplayWindow, config: Config) -> Self {
        let mut session = Self::new(id, unique_id, i64::MIN, config);
        session.core.replay.take_over(received);
        session
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
        let header = message.header;
        if header.session_id != self.core.session_id {
            return Err(violation(Rule::SessionId));
        }
        self.forget_old(now);
        self.unpacked = 0;
        let is_container = Container::is_one(message.body);
        let outer = Heard {
            msg_id: header.msg_id,
            seq_no: header.seq_no,
        };
        if !self.judge(now, outer, is_container) {
            return Ok(());
        }
        let valid = self.valid_salts(now, salts);
        if !valid.accept(header.salt) {
            self.refuse_salt(outer, valid.current);
            return Ok(());
        }
        if is_container {
            self.handle_container(now, outer, message.body, salts)?;
        } else {
            self.handle_one(now, outer, message.body, salts)?;
        }
        self.announce(valid.current);
        Ok(())
    }

    fn handle_container(
        &mut self,
        now: Now,
        outer: Heard,
        body: &[u8],
        salts: KeySalts<'_>,
    ) -> Result<(), Violation> {
        let Ok(container) = Container::read(body) else {
            self.refuse(outer, code::CONTAINER);
            return Ok(());
        };
        if container.clone().any(|inner| inner.msg_id >= outer.msg_id) {
            self.refuse(outer, code::CONTAINER);
            return Ok(());
        }
        if self.is_strict() && is_content_related(outer.seq_no) {
            self.refuse(outer, code::SEQ_EVEN);
            return Ok(());
        }
        self.core.remember(now, outer.msg_id, Mark::Container);
        for message in container {
            let inner = Heard {
                msg_id: message.msg_id,
                seq_no: message.seq_no,
            };
            if self.judge(now, inner, false) {
                self.handle_one(now, inner, message.body, salts)?;
            }
        }
        Ok(())
    }

    /// A message that is new and in time.
    fn handle_one(
        &mut self,
        now: Now,
        heard: Heard,
        body: &[u8],
        salts: KeySalts<'_>,
    ) -> Result<(), Violation> {
        if let Some(code) = self.misnumbered(heard, body) {
            self.refuse(heard, code);
            return Ok(());
        }
        let mark = match is_content_related(heard.seq_no) {
            true => Mark::Content,
            false => Mark::NoAck,
        };
        self.core.remember(now, heard.msg_id, mark);
        self.dispatch(now, heard, body, salts, true)
    }

    fn dispatch(
        &mut self,
        now: Now,
        heard: Heard,
        body: &[u8],
        salts: KeySalts<'_>,
        may_be_packed: bool,
    ) -> Result<(), Violation> {
        let msg_id = heard.msg_id;
        let Some(id) = service::id(body) else {
            return Err(violation(Rule::Form));
        };
        match id {
            wire::MSGS_ACK => self.on_ack(ids(body)?),
            functions::Ping::ID => {
                let ping: functions::Ping = read(body)?;
                self.answer_ping(msg_id, ping.ping_id);
            }
            functions::PingDelayDisconnect::ID => {
                let ping: functions::PingDelayDisconnect = read(body)?;
                let delay = u64::try_from(ping.disconnect_delay).unwrap_or(0);
                let at = now.monotonic.saturating_add(Duration::from_secs(delay));
                self.disconnect_at = Some(at);
                self.answer_ping(msg_id, ping.ping_id);
            }
            functions::GetFutureSalts::ID => {
                let ask: functions::GetFutureSalts = read(body)?;
                self.answer_future_salts(now, msg_id, ask.num, salts);
            }
            wire::MSGS_STATE_REQ => self.on_state_req(msg_id, ids(body)?),
            wire::MSG_RESEND_REQ => self.on_resend_req(msg_id, ids(body)?),
            types::MsgResendAnsReq::ID => self.on_resend_answers(ids(body)?),
            types::MsgsAllInfo::ID => {
                let (ids, info) = wire::read_all_info(body).ok_or(violation(Rule::Form))?;
                self.on_all_info(ids, info);
            }
            functions::RpcDropAnswer::ID => {
                let drop: functions::RpcDropAnswer = read(body)?;
                self.bound_unacknowledged()?;
                self.on_drop_answer(now, msg_id, drop.req_msg_id);
            }
            functions::DestroySession::ID => {
                let destroy: functions::DestroySession = read(body)?;
                self.inbox.push(Record::DestroySession(destroy.session_id));
            }
            functions::DestroyAuthKey::ID => self.inbox.push(Record::DestroyAuthKey),
            types::HttpWait::ID => self.on_http_wait(now, &read(body)?),
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
                if self.judge(now, inner, false) {
                    self.handle_one(now, inner, copy.body, salts)?;
                }
            }
            container::CONTAINER_ID => self.refuse(heard, code::CONTAINER),
            gzip::GZIP_PACKED_ID => {
                if may_be_packed && !self.config.unpack_requests && is_packed_request(body) {
                    self.bound_unacknowledged()?;
                    self.on_request(now, msg_id, body);
                    return Ok(());
                }
                let mut most = self.config.max_unpacked;
                if !self.config.unpack_requests {
                    most = most.min(MAX_PACKED_SERVICE);
                }
                // A container full of them shares one limit.
                let used = self.inbox.kept().max(self.unpacked);
                let unpacked = gzip::unpack(body, most.saturating_sub(used));
                // What can't be unpacked has cost as much as what could be.
                let length = unpacked.as_ref().map_or(most, Vec::len);
                self.unpacked = self.unpacked.saturating_add(length);
                match unpacked {
                    Ok(unpacked) if may_be_packed && !wire::holds_messages(&unpacked) => {
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
    fn bound_unacknowledged(&self) -> Result<(), Violation> {
        let outbox = &self.core.outbox;
        let is_bounded = outbox.len() / 4 <= self.config.max_requests
            && outbox.bytes() / 4 <= self.config.max_bytes;
        is_bounded.then_some(()).ok_or(violation(Rule::Acks))
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
        let mut due = [self.scan_at, None, None];
        if self.connected {
            if !self.acks_told {
                due[1] = self
                    .core
                    .acks
                    .deadline(self.config.ack_delay, self.config.ack_batch);
            }
            due[2] = self.disconnect_at;
        }
        due.into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        // Until they are sent, one call about them is enough.
        self.acks_told = self.acks_are_due(now);
        if self.scan_at.is_some_and(|at| at <= now.monotonic) {
            self.scan(now);
        }
    }

    /// Looks through all messages: which have waited too long?
    fn scan(&mut self, now: Now) {
        self.forget_old(now);
        self.release(now);
        if self.connected {
            self.resend_due(now);
        } else {
            self.core.outbox.drop_spares();
        }
        let sent = self
            .core
            .outbox
            .iter()
            .filter(|(_, entry)| self.connected && entry.state == State::Sent)
            .map(|(_, entry)| entry.due);
        let waiting = self.held.iter().filter_map(|held| held.deadline);
        self.scan_at = sent
            .chain(waiting)
            .min()
            // Not more often than makes sense, whatever is due.
            .map(|at| at.max(now.monotonic.saturating_add(Duration::from_millis(10))));
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
        if oldest >= self.oldest {
            self.oldest = oldest;
        } else {
            // The clock was set back. What was refused as too old may be in time again, though its
            // client has sent it under another id since. If it was far ahead for a while, that is
            // everything up to now, but not what is to come.
            let refused = self.oldest.saturating_sub(1);
            self.core
                .replay
                .forget(refused.min(time.saturating_add(FUTURE)));
            self.oldest = oldest;
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
        if self.announced {
            return;
        }
        let Some(first_msg_id) = self.core.replay.first_taken() else {
            return;
        };
        self.announced = true;
        let created = types::NewSessionCreated {
            first_msg_id,
            unique_id: self.unique_id,
            server_salt: salt,
        };
        let mut body = self.core.outbox.buffer();
        wire::write(&created, &mut body);
        self.core.outbox.insert(Kind::NewSession, body);
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

/// Most bytes of unpacked service messages of a packet, where requests are not unpacked here.
const MAX_PACKED_SERVICE: usize = 128 << 10;

/// Whether what is packed is the application's, and waits for no other.
fn is_packed_request(body: &[u8]) -> bool {
    gzip::unpack_start(body, 4).is_some_and(|start| {
        is_request(&start)
            && !matches!(
                service::id(&start),
                Some(wire::INVOKE_AFTER_MSG | wire::INVOKE_AFTER_MSGS)
            )
    })
}

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

fn read<'a, T: TlRead<'a>>(body: &'a [u8]) -> Result<T, Violation> {
    crate::tl::Reader::new(body)
        .read()
        .map_err(|_| violation(Rule::Form))
}

fn ids(body: &[u8]) -> Result<Ids<'_>, Violation> {
    Ids::read(body).ok_or(violation(Rule::Form))
}
