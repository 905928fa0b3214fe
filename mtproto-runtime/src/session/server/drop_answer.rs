//! `rpc_drop_answer`: the client does not want an answer any more.
//!
//! See <https://core.telegram.org/mtproto/service_messages#cancellation-of-an-rpc-query>.

use super::requests::Phase;
use super::{Record, RequestId, Session, wire};
use crate::Now;
use crate::service::{RpcResult, types};

impl Session {
    pub(super) fn on_drop_answer(&mut self, now: Now, msg_id: i64, req_msg_id: i64) {
        let mut body = self.core.outbox.buffer();
        RpcResult::write_header(msg_id, &mut body);
        match self.requests.get(req_msg_id) {
            Some(Phase::Running | Phase::Held) => {
                self.requests.insert(req_msg_id, Phase::Dropped);
                self.inbox.push(Record::Dropped(RequestId(req_msg_id)));
                self.scan_by(now.monotonic);
                wire::write(&types::RpcAnswerDroppedRunning {}, &mut body);
            }
            Some(Phase::Dropped) => wire::write(&types::RpcAnswerDroppedRunning {}, &mut body),
            Some(Phase::Answered(key)) => {
                self.requests.remove(req_msg_id);
                match self.core.outbox.remove(key) {
                    Some(answer) => {
                        let dropped = types::RpcAnswerDropped {
                            msg_id: answer.msg_id,
                            seq_no: answer.seq_no,
                            bytes: i32::try_from(answer.body.len()).unwrap_or(i32::MAX),
                        };
                        wire::write(&dropped, &mut body);
                        self.core.outbox.recycle(answer.body);
                    }
                    None => wire::write(&types::RpcAnswerUnknown {}, &mut body),
                }
            }
            None => wire::write(&types::RpcAnswerUnknown {}, &mut body),
        }
        self.answer(now, msg_id, body, true);
    }
}
