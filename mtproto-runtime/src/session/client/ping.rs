//! `ping_delay_disconnect` and `pong`: is the server still there?
//!
//! See <https://core.telegram.org/mtproto/service_messages#ping-messages-pingpong>.

use core::time::Duration;

use super::{Config, Record, Session};
use crate::Now;
use crate::service::{functions, types};
use crate::session::core::Purpose;
use crate::session::msg_id::Cause;
use crate::session::wire;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Ping {
    next_id: i64,
    /// The one that has not been answered.
    waiting: Option<(i64, Duration)>,
    /// When the next one is due.
    next: Duration,
    heard: Duration,
}

impl Ping {
    /// A new connection is there: the server shall know of it.
    pub(super) fn restart(&mut self, now: Now) {
        self.waiting = None;
        self.next = now.monotonic;
        self.heard = now.monotonic;
    }

    /// The server has refused a packet, perhaps the one with the ping: it has to be sent again.
    pub(super) fn refused(&mut self, again_at: Duration) {
        if self.waiting.take().is_some() {
            self.next = self.next.min(again_at);
        }
    }

    pub(super) fn heard(&mut self, now: Now) {
        self.heard = now.monotonic;
    }

    /// One is due at once, unless one is waiting.
    pub(super) fn hurry(&mut self, now: Now) {
        if self.waiting.is_none() {
            self.next = self.next.min(now.monotonic);
        }
    }

    pub(super) fn due(&self, config: &Config) -> Duration {
        match self.overdue_at(config) {
            Some(at) => self.next.min(at),
            None => self.next,
        }
    }

    pub(super) fn is_overdue(&self, now: Now, config: &Config) -> bool {
        self.overdue_at(config)
            .is_some_and(|at| at <= now.monotonic)
    }

    /// Nothing at all is heard after a ping.
    fn overdue_at(&self, config: &Config) -> Option<Duration> {
        let (_, sent) = self.waiting?;
        Some(sent.max(self.heard).saturating_add(config.ping_timeout))
    }
}

impl Session {
    /// Pings the server; answered by [`Event::Pong`](super::Event::Pong). The session does it by
    /// itself from time to time.
    pub fn ping(&mut self, now: Now) -> i64 {
        let ping_id = self.ping.next_id;
        self.ping.next_id = ping_id.wrapping_add(1);
        self.ping.next = now.monotonic.saturating_add(self.config.ping_every);
        self.ping.waiting.get_or_insert((ping_id, now.monotonic));
        if let Some(waiting) = &mut self.ping.waiting {
            waiting.0 = ping_id;
        }
        let seconds = self.config.disconnect_delay.as_secs();
        let ping = functions::PingDelayDisconnect {
            ping_id,
            disconnect_delay: i32::try_from(seconds).unwrap_or(i32::MAX),
        };
        self.core
            .control(Cause::Own, Purpose::Ping, |out| wire::write(&ping, out));
        ping_id
    }

    pub(super) fn ping_if_due(&mut self, now: Now) {
        if self.ping.next <= now.monotonic {
            self.ping(now);
        }
    }

    pub(super) fn on_pong(&mut self, now: Now, msg_id: i64, pong: &types::Pong) {
        if pong.msg_id != self.core.last_ping {
            return;
        }
        let Some((ping_id, sent)) = self.ping.waiting else {
            return;
        };
        if ping_id != pong.ping_id {
            return;
        }
        self.ping.waiting = None;
        self.sync_if_wrong(now, msg_id);
        let rtt = now.monotonic.saturating_sub(sent);
        self.inbox.push(Record::Pong(ping_id, rtt));
    }
}
