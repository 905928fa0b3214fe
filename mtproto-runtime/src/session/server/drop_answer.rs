//! `rpc_drop_answer`: the client does not want an answer any more.
//!
//! See <https://core.telegram.org/mtproto/service_messages#cancellation-of-an-rpc-query>.

use super::requests::Phase;
use super::{Record, RequestId, Session, wire};
use crate::Now;
use crate::service::types;

impl Session {
    pub(super) fn on_drop_answer(&mut self, now: Now, msg_id: i64, req_msg_id: i64) {
        let phase = self.requests.get(req_msg_id);
        let mut dropped = None;
        match phase {
            Some(Phase::Running | Phase::Held) => {
                self.requests.insert(req_msg_id, Phase::Dropped);
                self.inbox.push(Record::Dropped(RequestId(req_msg_id)));
                self.unwanted(now);
            }
            Some(Phase::Answered(key)) => {
                self.requests.remove(req_msg_id);
                let answer = self.core.outbox.get(key);
                dropped = answer.map(|answer| types::RpcAnswerDropped {
                    msg_id: answer.msg_id,
                    seq_no: answer.seq_no,
                    bytes: i32::try_from(answer.body.len()).unwrap_or(i32::MAX),
                });
                self.core.outbox.remove(key);
            }
            Some(Phase::Dropped) | None => {}
        }
        self.answer(now, msg_id, true, |body| match (phase, dropped) {
            (Some(Phase::Running | Phase::Held | Phase::Dropped), _) => {
                wire::write(&types::RpcAnswerDroppedRunning {}, body);
            }
            (_, Some(dropped)) => wire::write(&dropped, body),
            _ => wire::write(&types::RpcAnswerUnknown {}, body),
        });
    }
}
