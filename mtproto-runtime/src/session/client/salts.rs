//! `get_future_salts`: so that a change of salts costs no round trip.
//!
//! See <https://core.telegram.org/mtproto/service_messages#request-for-several-future-salts>.

use super::{Record, Rule, Session, read_salt};
use crate::Now;
use crate::service::{functions, types::FutureSalts};
use crate::session::core::Purpose;
use crate::session::msg_id::Cause;
use crate::session::salt::MAX_FUTURE;
use crate::session::wire;
use crate::tl::{Identified, Reader};
use core::time::Duration;

/// How many are asked for at a time.
const WANTED: i32 = 64;
/// With so few left, more are asked for.
const FEW: usize = 2;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

impl Session {
    /// Asks the server for the salts of the hours to come; answered by
    /// [`Event::Salts`](super::Event::Salts). The session does it by itself when few are left.
    pub fn ask_for_salts(&mut self, now: Now) {
        self.salts_asked = Some(now.monotonic);
        self.core.control(Cause::Own, Purpose::FutureSalts, |out| {
            wire::write(&functions::GetFutureSalts { num: WANTED }, out);
        });
    }

    pub(super) fn ask_for_salts_if_few(&mut self, now: Now) {
        let asked_lately = self
            .salts_asked
            .is_some_and(|at| now.monotonic < at.saturating_add(PATIENCE));
        if self.salts.future().len() > FEW || asked_lately {
            return;
        }
        self.ask_for_salts(now);
    }

    /// By hand: a vector without its id, of which one need not keep all.
    pub(super) fn on_future_salts(&mut self, body: &[u8]) -> Result<(), Rule> {
        let mut salts = Vec::new();
        let mut reader = Reader::new(body);
        let (req_msg_id, count) = reader
            .read_with(|r| {
                r.expect_id(FutureSalts::ID, "future_salts")?;
                let req_msg_id = r.long();
                r.int();
                Ok((req_msg_id, r.nat()))
            })
            .map_err(|_| Rule::Form)?;
        if req_msg_id != self.core.last_future_salts {
            return Ok(());
        }
        for _ in 0..count {
            let salt = reader
                .read_with(|r| Ok(read_salt(r)))
                .map_err(|_| Rule::Form)?;
            if salts.len() < MAX_FUTURE {
                salts.push(salt);
            }
        }
        self.salts.learn(salts.into_iter());
        self.inbox.push(Record::Salts(self.salts.future().len()));
        Ok(())
    }
}
