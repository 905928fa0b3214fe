//! Answers in the order of the calls, as most are: many in one container, each new and younger than the one
//! before. What is to be remembered of them is remembered for many at once.

use core::ops::Range;

use super::{CallId, Record, Session};
use crate::Now;
use crate::service::{RpcResult, container, gzip, types};
use crate::session::replay::Mark;
use crate::session::seq_no::is_content_related;
use crate::tl::Identified;

/// How many are remembered at once.
const MOST: usize = 64;
/// A container of more bytes is not kept as a whole.
const KEPT: usize = 1 << 15;

/// Answers that have been taken and are not remembered yet.
pub(super) struct Run {
    ids: [i64; MOST],
    count: usize,
    /// Nothing above has been received.
    highest: i64,
    mark: Mark,
    /// Where the container is kept.
    kept_at: Option<usize>,
}

impl Run {
    /// None yet, where nothing above this id was received.
    pub(super) fn new(highest: i64) -> Self {
        Self {
            ids: [0; MOST],
            count: 0,
            highest,
            mark: Mark::Content,
            kept_at: None,
        }
    }

    /// Other messages have been received meanwhile.
    pub(super) fn go_on_above(&mut self, highest: i64) {
        self.highest = highest;
    }
}

impl Session {
    /// Takes a message of a container, if it is above all that was received and answers the oldest call,
    /// with a value that is not packed. It is in time, and ends at `end` of the container's body.
    #[inline]
    pub(super) fn take_in_order(
        &mut self,
        now: Now,
        run: &mut Run,
        message: &container::Message<'_>,
        container: &[u8],
        end: usize,
    ) -> bool {
        let Some(answer) = RpcResult::read(message.body) else {
            return false;
        };
        if message.msg_id <= run.highest
            || matches!(
                crate::service::id(answer.result),
                Some(gzip::GZIP_PACKED_ID | types::RpcError::ID)
            )
        {
            return false;
        }
        let Some(key) = self.core.outbox.take_first_call(answer.req_msg_id) else {
            return false;
        };
        let mark = match is_content_related(message.seq_no) {
            true => Mark::Content,
            false => Mark::NoAck,
        };
        if run.mark != mark || run.count == MOST {
            self.end_run(now, run);
            run.mark = mark;
        }
        if let Some(id) = run.ids.get_mut(run.count) {
            *id = message.msg_id;
            run.count += 1;
        }
        run.highest = message.msg_id;
        let range = self.keep(run, answer.result, container, end);
        self.inbox.push(Record::Answer(CallId(key), range));
        true
    }

    /// Keeps an answer, and with it what stands around it, since one copy costs less than many.
    #[inline]
    fn keep(&mut self, run: &mut Run, answer: &[u8], container: &[u8], end: usize) -> Range<usize> {
        if container.len() > KEPT {
            return self.inbox.keep(answer);
        }
        let at = match run.kept_at {
            Some(at) => at,
            None => *run.kept_at.insert(self.inbox.keep(container).start),
        };
        at + end - answer.len()..at + end
    }

    /// Remembers what was taken.
    pub(super) fn end_run(&mut self, now: Now, run: &mut Run) {
        let ids = run.ids.get(..run.count).unwrap_or_default();
        if ids.is_empty() {
            return;
        }
        self.core.replay.insert_above(ids, run.mark);
        if run.mark == Mark::Content {
            self.core.acks.extend(now.monotonic, ids);
        }
        run.count = 0;
    }
}
