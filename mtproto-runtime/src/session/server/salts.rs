//! Salts on the server: `get_future_salts`, and which ones are taken.

use super::{Cause, Purpose, Session, ValidSalts};
use crate::Now;
use crate::service::types::FutureSalts;
use crate::session::msg_id;
use crate::session::salt::{MAX_FUTURE, PERIOD, SaltSecret};
use crate::tl::Identified;

/// Where the salts of a session's key come from.
#[derive(Clone, Copy, Debug)]
pub struct KeySalts<'a> {
    /// The server's secret.
    pub secret: &'a SaltSecret,
    /// The key, or another number that stands for it.
    pub auth_key_id: i64,
    /// The salt of the key exchange, as long as it is valid.
    pub first: Option<i64>,
}

impl Session {
    pub(super) fn valid_salts(&mut self, now: Now, salts: KeySalts<'_>) -> ValidSalts {
        let seconds = msg_id::to_seconds(self.core.ids.time(now));
        // The clock may go back, too.
        let mut valid = match self.salts {
            Some(valid) if (valid.until - PERIOD..valid.until).contains(&seconds) => valid,
            _ => salts.secret.valid(salts.auth_key_id, seconds),
        };
        valid.first = salts.first;
        self.salts = Some(valid);
        valid
    }

    pub(super) fn answer_future_salts(
        &mut self,
        now: Now,
        req_msg_id: i64,
        num: i32,
        salts: KeySalts<'_>,
    ) {
        let seconds = msg_id::to_seconds(self.core.ids.time(now));
        let count = usize::try_from(num).unwrap_or(0).clamp(1, MAX_FUTURE);
        let future = salts.secret.future(salts.auth_key_id, seconds, count);
        self.core.control(Cause::Answer, Purpose::None, |out| {
            // By hand: a vector without its id.
            out.extend_from_slice(&FutureSalts::ID.to_le_bytes());
            out.extend_from_slice(&req_msg_id.to_le_bytes());
            let seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
            out.extend_from_slice(&seconds.to_le_bytes());
            out.extend_from_slice(&u32::try_from(count).unwrap_or(0).to_le_bytes());
            for salt in future {
                out.extend_from_slice(&salt.valid_since.to_le_bytes());
                out.extend_from_slice(&salt.valid_until.to_le_bytes());
                out.extend_from_slice(&salt.salt.to_le_bytes());
            }
        });
    }
}
