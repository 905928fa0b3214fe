//! Whole lives of a pair, each from one number, with the promises checked.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::{ClientEvent, Happening, Pair, Seeded, ServerEvent, TestCrypto};
use crate::connection::client::Pfs;
use crate::connection::server::SessionRef;
use crate::crypto::rsa::PrivateKey;
use crate::session::server::RequestId;
use crate::session::{CallError, CallId, CallOptions, RpcError};

/// Counts of what has happened, added up over seeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Figures {
    pub seeds: u64,
    pub calls: u64,
    pub answered: u64,
    pub rpc_errors: u64,
    pub timed_out: u64,
    pub lost: u64,
    pub refused: u64,
    pub cancelled: u64,
    /// Calls of clients that were restarted.
    pub abandoned: u64,
    /// Requests that the server has run.
    pub run: u64,
    /// Of those, calls that may run twice and did.
    pub run_again: u64,
    /// Requests that had to wait for another and found it done.
    pub in_order: u64,
    pub updates_sent: u64,
    pub updates: u64,
    pub quick_acks: u64,
    pub packets: u64,
    pub packets_lost: u64,
    pub packets_repeated: u64,
    pub packets_spoilt: u64,
    pub packets_replayed: u64,
    pub connections: u64,
    pub cuts: u64,
    pub closed: u64,
    pub clock_jumps: u64,
    pub server_restarts: u64,
    /// Of those, orderly ones.
    pub orderly: u64,
    pub client_restarts: u64,
    /// Permanent and temporary keys that were made, as the server counts, and temporary ones that
    /// were bound, replaced one that was about to expire, and were forgotten by the server.
    pub permanent_keys: u64,
    pub temporary_keys: u64,
    pub bound: u64,
    pub renewed: u64,
    pub forgotten_keys: u64,
    /// Most messages in a server's session, and most bytes.
    pub peak_messages: u64,
    pub peak_bytes: u64,
}

impl Figures {
    /// Adds another seed's, or many seeds'.
    pub fn add(&mut self, other: &Self) {
        let Self {
            seeds,
            calls,
            answered,
            rpc_errors,
            timed_out,
            lost,
            refused,
            cancelled,
            abandoned,
            run,
            run_again,
            in_order,
            updates_sent,
            updates,
            quick_acks,
            packets,
            packets_lost,
            packets_repeated,
            packets_spoilt,
            packets_replayed,
            connections,
            cuts,
            closed,
            clock_jumps,
            server_restarts,
            orderly,
            client_restarts,
            permanent_keys,
            temporary_keys,
            bound,
            renewed,
            forgotten_keys,
            peak_messages,
            peak_bytes,
        } = other;
        self.seeds += seeds;
        self.calls += calls;
        self.answered += answered;
        self.rpc_errors += rpc_errors;
        self.timed_out += timed_out;
        self.lost += lost;
        self.refused += refused;
        self.cancelled += cancelled;
        self.abandoned += abandoned;
        self.run += run;
        self.run_again += run_again;
        self.in_order += in_order;
        self.updates_sent += updates_sent;
        self.updates += updates;
        self.quick_acks += quick_acks;
        self.packets += packets;
        self.packets_lost += packets_lost;
        self.packets_repeated += packets_repeated;
        self.packets_spoilt += packets_spoilt;
        self.packets_replayed += packets_replayed;
        self.connections += connections;
        self.cuts += cuts;
        self.closed += closed;
        self.clock_jumps += clock_jumps;
        self.server_restarts += server_restarts;
        self.orderly += orderly;
        self.client_restarts += client_restarts;
        self.permanent_keys += permanent_keys;
        self.temporary_keys += temporary_keys;
        self.bound += bound;
        self.renewed += renewed;
        self.forgotten_keys += forgotten_keys;
        self.peak_messages = self.peak_messages.max(*peak_messages);
        self.peak_bytes = self.peak_bytes.max(*peak_bytes);
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let f1 = self;
        writeln!(
            f,
            "{} seeds: {} connections, {} cuts, {} given up by a side, {} clock jumps, {} restarts of the server ({} orderly), {} of the client",
            f1.seeds,
            f1.connections,
            f1.cuts,
            f1.closed,
            f1.clock_jumps,
            f1.server_restarts,
            f1.orderly,
            f1.client_restarts
        )?;
        writeln!(
            f,
            "keys: {} permanent and {} temporary made, {} bound, {} of them in the place of another, {} forgotten by the server",
            f1.permanent_keys, f1.temporary_keys, f1.bound, f1.renewed, f1.forgotten_keys
        )?;
        writeln!(
            f,
            "packets: {} sent, {} lost, {} repeated, {} spoilt, {} replayed later",
            f1.packets,
            f1.packets_lost,
            f1.packets_repeated,
            f1.packets_spoilt,
            f1.packets_replayed
        )?;
        writeln!(
            f,
            "each call ends once: {} calls = {} answered + {} rpc errors + {} timed out + {} lost + {} refused + {} cancelled + {} of restarted clients",
            f1.calls,
            f1.answered,
            f1.rpc_errors,
            f1.timed_out,
            f1.lost,
            f1.refused,
            f1.cancelled,
            f1.abandoned
        )?;
        writeln!(
            f,
            "no request runs twice: {} run; {} times again, all of calls that may",
            f1.run, f1.run_again
        )?;
        writeln!(
            f,
            "no replay accepted: {} updates sent, {} received, none twice; {} requests in their order; {} quick acks",
            f1.updates_sent, f1.updates, f1.in_order, f1.quick_acks
        )?;
        write!(
            f,
            "bounded memory: at most {} messages and {} bytes wait in a server's session",
            f1.peak_messages, f1.peak_bytes
        )
    }
}

/// What a seed has led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Counts.
    pub figures: Figures,
    /// A digest of every byte that was sent, in order.
    pub trace: u64,
}

/// A broken promise, and the seed that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// When, in the pair's life.
    pub at: Duration,
    /// Which.
    pub promise: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "seed {}, after {:?}: {}",
            self.seed, self.at, self.promise
        )
    }
}

impl core::error::Error for Failure {}

/// The constructor of the requests and updates that are sent.
const BODY: u32 = 0x51b0_0001;
/// The most that may happen in one life; more would be a loop that never ends.
const MAX_HAPPENINGS: u64 = 200_000;

struct Life {
    seed: u64,
    pair: Pair<TestCrypto>,
    rng: Seeded,
    figures: Figures,
    calls: BTreeMap<u64, CallState>,
    by_id: BTreeMap<CallId, u64>,
    next_call: u64,
    /// To be answered, and when.
    running: Vec<(Duration, SessionRef, RequestId, u64)>,
    updates: BTreeMap<u64, u32>,
    next_update: u64,
    reconnect_at: Option<Duration>,
    happenings: u64,
    /// Whether the client uses temporary keys, and whether any keys are made at all.
    pfs: bool,
    makes_keys: bool,
    /// When the one in use expires.
    expires_at: Option<i32>,
}

struct CallState {
    repeatable: bool,
    after: Option<u64>,
    /// How often it was run, and whether that is over.
    runs: u32,
    done: bool,
    ended: bool,
}

/// Lives a life: some minutes of trouble, then peace until everything is settled.
///
/// # Errors
/// [`Failure`]
pub fn simulate(seed: u64) -> Result<Report, Failure> {
    let mut rng = Seeded::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    // Whether both sides know a key already, and whether it is used for more than temporary ones.
    let (has_key, pfs) = [(true, false), (true, true), (false, false), (false, true)]
        [(rng.below(8).saturating_sub(4)) as usize];
    let mut pair = Pair::with_provider(seed, TestCrypto, |client, server| {
        if let Some(key) = rsa_key() {
            client.handshake.keys = vec![key.public().clone()];
            server.handshake.keys = vec![key.clone()];
        }
        client.pfs = pfs.then(|| Pfs {
            expires_in: Duration::from_secs(60 + seed % 240),
            renew_before: Duration::from_secs(20 + seed % 30),
            margin: Duration::from_secs(5),
        });
        client.session.ask_after = Duration::from_secs(2 + seed % 7);
        client.session.ack_delay = Duration::from_secs(5 + seed % 20);
        client.session.gzip = !seed.is_multiple_of(3);
        server.session.resend_after = Duration::from_secs(20 + seed % 40);
        server.session.max_requests = 40;
        server.max_sessions_per_key = 4;
        server.session_lifetime = Duration::from_secs(120 + seed % 1000);
    });
    if !has_key {
        pair.forget_keys();
    }
    trouble(&mut pair, &mut rng);
    let mut life = Life {
        seed,
        pair,
        rng,
        figures: Figures {
            seeds: 1,
            ..Figures::default()
        },
        calls: BTreeMap::new(),
        by_id: BTreeMap::new(),
        next_call: 0,
        running: Vec::new(),
        updates: BTreeMap::new(),
        next_update: 0,
        reconnect_at: Some(Duration::ZERO),
        happenings: 0,
        pfs,
        makes_keys: pfs || !has_key,
        expires_at: None,
    };
    life.live()?;
    life.settle()?;
    let mut figures = life.figures;
    [
        figures.packets,
        figures.packets_lost,
        figures.packets_repeated,
        figures.packets_spoilt,
        figures.packets_replayed,
    ] = life.pair.packets;
    Ok(Report {
        figures,
        trace: life.pair.trace,
    })
}

/// The server's RSA key. Reading it takes as long as a life.
fn rsa_key() -> Option<&'static PrivateKey> {
    static KEY: OnceLock<Option<PrivateKey>> = OnceLock::new();
    let pem = include_str!("../../tests/vectors/test_key.pkcs8.pem");
    KEY.get_or_init(|| PrivateKey::from_pem(pem).ok()).as_ref()
}

fn trouble(pair: &mut Pair<TestCrypto>, rng: &mut Seeded) {
    let network = &mut pair.network;
    let slowest = [15, 200, 3_000, 40_000][rng.below(4) as usize];
    network.latency = Duration::from_millis(10)..Duration::from_millis(10 + slowest);
    network.loss = [0, 20, 200][rng.below(3) as usize];
    network.duplication = [0, 50, 300][rng.below(3) as usize];
    network.corruption = [0, 0, 10][rng.below(3) as usize];
    network.replay = [0, 50, 200][rng.below(3) as usize];
    network.half_open = Duration::from_secs([0, 0, 90][rng.below(3) as usize]);
}

impl Life {
    fn time(&self) -> Duration {
        self.pair.now().monotonic
    }

    fn broken<T>(&self, promise: impl Into<String>) -> Result<T, Failure> {
        Err(Failure {
            seed: self.seed,
            at: self.time(),
            promise: promise.into(),
        })
    }

    fn live(&mut self) -> Result<(), Failure> {
        let end = Duration::from_secs(20 + self.rng.below(250));
        while self.time() < end {
            let next = self.rng.time(&(Duration::ZERO..Duration::from_secs(8)));
            self.run_for(next)?;
            self.do_something();
        }
        Ok(())
    }

    /// No more trouble, and enough time.
    fn settle(&mut self) -> Result<(), Failure> {
        self.pair.network = super::Network::default();
        for _ in 0..180 {
            self.run_for(Duration::from_secs(10))?;
            if self.by_id.is_empty() {
                break;
            }
        }
        if let Some(number) = self.by_id.values().next() {
            return self.broken(format!("call {number} has not ended"));
        }
        // What was replayed may still be under way.
        self.run_for(Duration::from_secs(400))?;
        if self.pair.client.pending() > 0 {
            return self.broken(format!(
                "something is left on the client: {}",
                self.pair.client.debug_pending()
            ));
        }
        let left = self.calls.values().find(|call| !call.ended);
        if left.is_some() {
            return self.broken("a call has neither an answer nor an error");
        }
        Ok(())
    }

    fn do_something(&mut self) {
        match self.rng.below(100) {
            0..65 => {
                for _ in 0..=self.rng.below(4) {
                    self.call();
                }
            }
            65..75 => self.push(),
            75..82 => {
                let pick = self.rng.below(self.by_id.len().max(1) as u64) as usize;
                if let Some((call, number)) = self.by_id.iter().nth(pick).map(|(c, n)| (*c, *n))
                    && self.pair.client.cancel(call)
                {
                    self.figures.cancelled += 1;
                    self.end(call, number);
                }
            }
            82..90 => {
                if self.pair.is_connected() {
                    self.figures.cuts += 1;
                }
                self.pair.cut();
                self.reconnect_later();
            }
            90..93 => {
                let largest = [2_000, 100_000, 4_000_000][self.rng.below(3) as usize];
                let by = self.rng.below(2 * largest).cast_signed() - largest.cast_signed();
                self.pair.client_clock += by;
                self.figures.clock_jumps += 1;
            }
            93..94 => {
                self.pair.server_clock += self.rng.below(20_000).cast_signed() - 10_000;
                self.figures.clock_jumps += 1;
            }
            94..96 => {
                if self.rng.chance(300) {
                    self.pair.restart_server_in_order();
                    self.figures.orderly += 1;
                } else {
                    let salts_too = self.rng.chance(300);
                    self.pair.restart_server(salts_too);
                }
                // What it was running is gone.
                self.running.clear();
                self.figures.server_restarts += 1;
                self.reconnect_later();
            }
            96..97 => {
                self.pair.restart_client();
                self.expires_at = None;
                self.figures.client_restarts += 1;
                for (call, number) in core::mem::take(&mut self.by_id) {
                    self.figures.abandoned += 1;
                    self.end(call, number);
                }
                self.reconnect_later();
            }
            97..98 => {
                let old = self.rng.draw().cast_signed();
                self.pair.client.destroy_session(old);
            }
            98..99 => self.forget_key(),
            _ => trouble(&mut self.pair, &mut self.rng),
        }
    }

    /// The server forgets a temporary key.
    fn forget_key(&mut self) {
        let sessions = self.pair.server.sessions();
        let temporary = |id: &i64| self.pair.server.permanent_key(*id) != Some(*id);
        let keys = sessions.map(|(session, _)| session.auth_key_id);
        let Some(key) = keys.filter(temporary).last() else {
            return;
        };
        self.pair.server.remove_key(key);
        self.running.retain(|(_, from, ..)| from.auth_key_id != key);
        self.figures.forgotten_keys += 1;
    }

    fn end(&mut self, call: CallId, number: u64) {
        self.by_id.remove(&call);
        if let Some(state) = self.calls.get_mut(&number) {
            state.ended = true;
        }
    }

    fn reconnect_later(&mut self) {
        let wait = self.rng.time(&(Duration::ZERO..Duration::from_secs(20)));
        self.reconnect_at.get_or_insert(self.time() + wait);
    }

    fn call(&mut self) {
        let number = self.next_call;
        let mut options = CallOptions::default();
        // Without one, a call may wait for ever for an answer that nobody will give.
        let patience = self
            .rng
            .time(&(Duration::from_secs(1)..Duration::from_secs(400)));
        options = options.timeout(patience);
        let repeatable = self.rng.chance(200);
        if repeatable {
            options = options.repeatable();
        }
        if self.rng.chance(150) {
            options = options.quick_ack();
        }
        let mut after = None;
        if self.rng.chance(200)
            && let Some((call, before)) = self.by_id.iter().next_back()
        {
            options = options.after(*call);
            after = Some(*before);
        }
        let body = self.body(number);
        let now = self.pair.now();
        if let Ok(call) = self.pair.client.call(now, &body, options) {
            self.next_call += 1;
            self.figures.calls += 1;
            let state = CallState {
                repeatable,
                after,
                runs: 0,
                done: false,
                ended: false,
            };
            self.calls.insert(number, state);
            self.by_id.insert(call, number);
        }
    }

    fn push(&mut self) {
        let sessions: Vec<SessionRef> = self.pair.server.sessions().map(|(s, _)| s).collect();
        let pick = self.rng.below(sessions.len().max(1) as u64) as usize;
        if let Some(session) = sessions.get(pick) {
            let number = self.next_update;
            self.next_update += 1;
            let body = self.body(number);
            let now = self.pair.server_now();
            if self.pair.server.push(now, *session, &body) == Ok(true) {
                self.updates.insert(number, 0);
                self.figures.updates_sent += 1;
            }
        }
    }

    /// A body that says its number, of a random length.
    fn body(&mut self, number: u64) -> Vec<u8> {
        let longest = match self.rng.below(100) {
            0..50 => 8,
            50..90 => 60,
            90..98 => 400,
            _ => 4000,
        };
        let words = self.rng.below(longest) as usize;
        let mut body = Vec::with_capacity(12 + 4 * words);
        body.extend_from_slice(&BODY.to_le_bytes());
        body.extend_from_slice(&number.to_le_bytes());
        body.resize(12 + 4 * words, 0x2a);
        body
    }

    fn run_for(&mut self, time: Duration) -> Result<(), Failure> {
        let end = self.time() + time;
        loop {
            let reply = self.running.iter().map(|(at, ..)| *at).min();
            let mut until = end;
            for at in [reply, self.reconnect_at].into_iter().flatten() {
                until = until.min(at);
            }
            let wait = until.saturating_sub(self.time());
            if let Some(happening) = self.pair.next(wait) {
                self.happenings += 1;
                if self.happenings > MAX_HAPPENINGS {
                    return self.broken("it never comes to rest");
                }
                self.happened(happening)?;
                continue;
            }
            if self.reconnect_at.is_some_and(|at| at <= self.time()) {
                self.reconnect_at = None;
                self.figures.connections += 1;
                self.pair.connect();
            }
            self.reply_due();
            self.measure()?;
            if self.time() >= end {
                return Ok(());
            }
        }
    }

    fn reply_due(&mut self) {
        let time = self.time();
        let mut at = 0;
        while at < self.running.len() {
            if self.running[at].0 > time {
                at += 1;
                continue;
            }
            let (_, from, request, number) = self.running.remove(at);
            if let Some(call) = self.calls.get_mut(&number) {
                call.done = true;
            }
            if self.rng.chance(100) {
                let error = RpcError::new(420, "FLOOD_WAIT_3");
                self.pair.reply(from, request, Err(&error));
            } else {
                let body = self.body(number);
                self.pair.reply(from, request, Ok(&body));
            }
        }
    }

    fn measure(&mut self) -> Result<(), Failure> {
        let (keys, sessions) = self.pair.server.len();
        // The exchanges of which only the server has heard the end leave keys behind; of temporary
        // ones no more than can be made before they expire.
        if keys > 400 || sessions > 4 * keys || (keys > 1 && !self.makes_keys) {
            return self.broken(format!("{keys} keys, {sessions} sessions on the server"));
        }
        let (mut messages, mut bytes) = (0, 0);
        for (_, session) in self.pair.server.sessions() {
            let (m, b) = session.unacknowledged();
            messages = messages.max(m as u64);
            bytes = bytes.max(b as u64);
        }
        self.figures.peak_messages = self.figures.peak_messages.max(messages);
        self.figures.peak_bytes = self.figures.peak_bytes.max(bytes);
        if messages > 2000 || bytes > 20 << 20 {
            return self.broken(format!(
                "{messages} messages, {bytes} bytes wait on the server"
            ));
        }
        Ok(())
    }

    fn happened(&mut self, happening: Happening) -> Result<(), Failure> {
        match happening {
            Happening::Closed(..) => {
                self.figures.closed += 1;
                self.reconnect_later();
            }
            Happening::Client(ClientEvent::Answer { call, body }) => {
                let Some(number) = self.by_id.get(&call).copied() else {
                    return self.broken("an answer for a call that has ended");
                };
                if number_of(&body) != Some(number) {
                    return self.broken(format!("call {number} got another one's answer"));
                }
                self.figures.answered += 1;
                self.end(call, number);
            }
            Happening::Client(ClientEvent::Failed { call, error }) => {
                let Some(number) = self.by_id.get(&call).copied() else {
                    return self.broken(format!("{error:?} for a call that has ended"));
                };
                match error {
                    CallError::Rpc(_) => self.figures.rpc_errors += 1,
                    CallError::TimedOut => self.figures.timed_out += 1,
                    CallError::Lost => self.figures.lost += 1,
                    CallError::Refused { .. } => self.figures.refused += 1,
                    other => return self.broken(format!("call {number} failed: {other:?}")),
                }
                self.end(call, number);
            }
            Happening::Client(ClientEvent::Update { body }) => {
                let number = number_of(&body).unwrap_or(u64::MAX);
                let Some(seen) = self.updates.get_mut(&number) else {
                    return self.broken(format!("an update that was not sent: {number}"));
                };
                *seen += 1;
                if *seen > 1 {
                    return self.broken(format!("update {number} came twice"));
                }
                self.figures.updates += 1;
            }
            Happening::Client(ClientEvent::QuickAck { .. }) => self.figures.quick_acks += 1,
            Happening::Client(ClientEvent::Bound { expires_at }) => {
                self.figures.bound += 1;
                if self.expires_at.replace(expires_at).is_some() {
                    self.figures.renewed += 1;
                }
            }
            Happening::Client(ClientEvent::KeyLost) => {
                return self.broken("the client takes its key for lost");
            }
            Happening::Server(ServerEvent::NewKey(key)) => match key.expires_at {
                None => self.figures.permanent_keys += 1,
                Some(_) => self.figures.temporary_keys += 1,
            },
            Happening::Client(_) | Happening::Server(ServerEvent::Dropped { .. }) => {}
            Happening::Server(ServerEvent::Request {
                from,
                permanent,
                request,
                body,
            }) => {
                if permanent.is_none() {
                    return self.broken("a key was used that is not bound");
                }
                if self.pfs && permanent == Some(from.auth_key_id) {
                    return self.broken("a permanent key was used in the place of a temporary one");
                }
                self.requested(from, request, &body)?;
            }
            Happening::Server(_) => {}
        }
        Ok(())
    }

    fn requested(
        &mut self,
        from: SessionRef,
        request: RequestId,
        body: &[u8],
    ) -> Result<(), Failure> {
        let number = number_of(body).unwrap_or(u64::MAX);
        let Some(call) = self.calls.get_mut(&number) else {
            return self.broken(format!("a request that was not made: {number}"));
        };
        call.runs += 1;
        self.figures.run += 1;
        let (runs, repeatable, after) = (call.runs, call.repeatable, call.after);
        if runs > 1 {
            if !repeatable {
                return self.broken(format!("request {number} runs for the second time"));
            }
            self.figures.run_again += 1;
        }
        if let Some(before) = after.and_then(|after| self.calls.get(&after))
            && before.done
        {
            self.figures.in_order += 1;
        }
        let work = [1, 300, 5_000, 60_000][self.rng.below(4) as usize];
        let at = self.time() + Duration::from_millis(self.rng.below(work));
        self.running.push((at, from, request, number));
        Ok(())
    }
}

fn number_of(body: &[u8]) -> Option<u64> {
    let (id, rest) = body.split_first_chunk()?;
    (u32::from_le_bytes(*id) == BODY).then_some(())?;
    rest.first_chunk().map(|number| u64::from_le_bytes(*number))
}
