//! Message ids: Unix time of the server in units of 2^-32 seconds, and who speaks in the lowest
//! two bits.
//!
//! See <https://core.telegram.org/mtproto/description#message-identifier-msg-id>.

use core::time::Duration;

use crate::{Now, Side};

/// A second, in the units of message ids.
pub(crate) const SECOND: i64 = 1 << 32;
/// How old a message may be.
pub(crate) const PAST: i64 = 300 * SECOND;
/// How far its sender's clock may be ahead.
pub(crate) const FUTURE: i64 = 30 * SECOND;

/// A moment as a message id has it.
pub(crate) fn from_unix(time: Duration) -> i64 {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let fraction = (i64::from(time.subsec_nanos()) << 32) / 1_000_000_000;
    seconds.min(i64::from(i32::MAX)) * SECOND + fraction
}

/// Unix time in seconds, of a moment as a message id has it.
pub(crate) const fn to_seconds(time: i64) -> i64 {
    time >> 32
}

/// What a server's message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Cause {
    /// It answers one of the client's.
    Answer,
    /// The server's own idea.
    Own,
}

/// Makes message ids, and knows what time it is on the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MsgIds {
    side: Side,
    last: i64,
    /// The server's clock less ours.
    offset: i64,
    synced: bool,
}

impl MsgIds {
    pub(crate) fn new(side: Side) -> Self {
        Self {
            side,
            last: 0,
            offset: 0,
            synced: side == Side::Server,
        }
    }

    /// The server's time.
    pub(crate) fn time(&self, now: Now) -> i64 {
        from_unix(now.unix).saturating_add(self.offset)
    }

    /// Whether the server has told its time.
    pub(crate) fn is_synced(&self) -> bool {
        self.synced
    }

    /// The server's clock less ours.
    pub(crate) fn offset(&self) -> i64 {
        self.offset
    }

    pub(crate) fn set_offset(&mut self, offset: i64) {
        self.offset = offset;
        self.synced = true;
    }

    /// The server has told its time, in a message that has passed every check.
    pub(crate) fn sync(&mut self, now: Now, server_time: i64) {
        self.set_offset(server_time.saturating_sub(from_unix(now.unix)));
    }

    /// The clocks can't be trusted any more.
    pub(crate) fn unsync(&mut self) {
        self.synced = self.side == Side::Server;
    }

    /// The latest id made.
    pub(crate) fn last(&self) -> i64 {
        self.last
    }

    /// Ids up to this one have been used before.
    pub(crate) fn go_on_after(&mut self, last: i64) {
        self.last = self.last.max(last);
    }

    /// An id greater than all before.
    pub(crate) fn next(&mut self, now: Now, cause: Cause) -> i64 {
        let mark = match (self.side, cause) {
            (Side::Client, _) => 0,
            (Side::Server, Cause::Answer) => 1,
            (Side::Server, Cause::Own) => 3,
        };
        let after_last = (self.last & !3).saturating_add(4);
        self.last = (self.time(now) & !3).max(after_last) | mark;
        self.last
    }
}

/// Whether an id is one that this side gives its messages.
pub(crate) const fn is_of(id: i64, sender: Side) -> bool {
    match sender {
        Side::Client => id & 3 == 0,
        Side::Server => id & 1 == 1,
    }
}

/// How an id stands to the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Age {
    TooOld,
    Good,
    TooNew,
}

/// Judges an id at a time of the server's.
pub(crate) const fn age(id: i64, time: i64) -> Age {
    if id < time.saturating_sub(PAST) {
        Age::TooOld
    } else if id > time.saturating_add(FUTURE) {
        Age::TooNew
    } else {
        Age::Good
    }
}

/// Notices that the clock was set back. What was refused as too old may be in time again then, though
/// its client has sent it under another id since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SetBack {
    /// Messages below this id have been too old at some time.
    oldest: i64,
}

impl SetBack {
    pub(crate) const fn new() -> Self {
        Self { oldest: i64::MIN }
    }

    /// Looks at the clock. If it was set back, no message up to the id that is returned may be taken
    /// any more. If it was far ahead for a while, that is everything up to now, but not what is to
    /// come.
    pub(crate) fn notice(&mut self, time: i64) -> Option<i64> {
        let oldest = time.saturating_sub(PAST);
        let before = core::mem::replace(&mut self.oldest, oldest);
        let refused = before.saturating_sub(1).min(time.saturating_add(FUTURE));
        (oldest < before).then_some(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Now {
        Now {
            monotonic: Duration::ZERO,
            unix: Duration::from_millis(millis),
        }
    }

    #[test]
    fn ids_are_time_and_side() {
        let mut client = MsgIds::new(Side::Client);
        assert_eq!(client.next(at(1500), Cause::Own), SECOND * 3 / 2);
        let mut server = MsgIds::new(Side::Server);
        assert_eq!(server.next(at(1000), Cause::Answer), SECOND | 1);
        assert_eq!(server.next(at(2000), Cause::Own), (2 * SECOND) | 3);
        for id in [SECOND | 1, SECOND | 3] {
            assert!(is_of(id, Side::Server) && !is_of(id, Side::Client));
        }
        assert!(!is_of(SECOND | 2, Side::Server) && !is_of(SECOND | 2, Side::Client));
    }

    #[test]
    fn ids_grow_when_the_clock_stands_or_goes_back() {
        let mut ids = MsgIds::new(Side::Server);
        let first = ids.next(at(5000), Cause::Own);
        let second = ids.next(at(5000), Cause::Answer);
        let third = ids.next(at(1000), Cause::Own);
        assert_eq!((second, third), ((first & !3) + 5, (first & !3) + 11));
    }

    #[test]
    fn the_clock_is_set_by_the_server() {
        let mut ids = MsgIds::new(Side::Client);
        assert!(!ids.is_synced());
        ids.sync(at(1000), (7 * SECOND) | 1);
        assert!(ids.is_synced());
        assert_eq!(ids.next(at(2000), Cause::Own), 8 * SECOND);
    }

    #[test]
    fn the_window_is_300_seconds_back_and_30_ahead() {
        let time = 1000 * SECOND;
        assert_eq!(age(time - PAST, time), Age::Good);
        assert_eq!(age(time - PAST - 1, time), Age::TooOld);
        assert_eq!(age(time + FUTURE, time), Age::Good);
        assert_eq!(age(time + FUTURE + 1, time), Age::TooNew);
        assert_eq!(age(i64::MIN, i64::MAX), Age::TooOld);
        assert_eq!(age(i64::MAX, i64::MIN), Age::TooNew);
    }
}
