//! How much waits for acks, over all sessions, and which of them holds the most.
//!
//! A session is listed by the number of digits of what it has held at most, so that few messages
//! change the list. Where it has been acknowledged since is found out when somebody is looked for.

use std::collections::BTreeSet;

use super::SessionRef;

/// What a message costs besides its body.
const MESSAGE: usize = 192;
/// Sessions that hold less are not listed.
const LITTLE: usize = 1024;

/// What one session holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    bytes: usize,
    /// Where it is listed; 0: it is not.
    listed: u32,
}

impl Held {
    /// Where it has to be listed from now on.
    pub(super) fn relist(&mut self) -> u32 {
        self.listed = digits(self.bytes);
        self.listed
    }
}

/// What all of them hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Budget {
    bytes: usize,
    listed: BTreeSet<(u32, SessionRef)>,
}

fn digits(bytes: usize) -> u32 {
    usize::BITS - (bytes / LITTLE).leading_zeros()
}

impl Budget {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// A session holds so many messages and bytes now.
    pub(super) fn change(
        &mut self,
        session: SessionRef,
        held: &mut Held,
        (messages, bytes): (usize, usize),
    ) {
        let bytes = bytes + messages * MESSAGE;
        self.bytes = self.bytes + bytes - held.bytes;
        held.bytes = bytes;
        let digits = digits(bytes);
        if digits > held.listed {
            self.listed.remove(&(held.listed, session));
            self.listed.insert((digits, session));
            held.listed = digits;
        }
    }

    /// A session is gone.
    pub(super) fn remove(&mut self, session: SessionRef, held: Held) {
        self.bytes -= held.bytes;
        self.listed.remove(&(held.listed, session));
    }

    /// The session that holds the most, or half as much. `relist` is [`Held::relist`] of a session.
    pub(super) fn most(
        &mut self,
        mut relist: impl FnMut(SessionRef) -> Option<u32>,
    ) -> Option<SessionRef> {
        loop {
            let (before, session) = self.listed.pop_last()?;
            let Some(listed) = relist(session) else {
                continue;
            };
            if listed > 0 {
                self.listed.insert((listed, session));
            }
            if listed == before {
                return Some(session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn who_holds_the_most_is_found(steps in prop::collection::vec((0_i64..20, 0_usize..1 << 20), 1..200)) {
            let mut budget = Budget::default();
            let mut sessions: BTreeMap<SessionRef, Held> = BTreeMap::new();
            for (session_id, bytes) in steps {
                let session = SessionRef { auth_key_id: 1, session_id };
                match bytes {
                    0..1000 => {
                        if let Some(held) = sessions.remove(&session) {
                            budget.remove(session, held);
                        }
                    }
                    _ => {
                        let held = sessions.entry(session).or_default();
                        budget.change(session, held, (1, bytes));
                    }
                }
                let all: usize = sessions.values().map(|held| held.bytes).sum();
                prop_assert_eq!(budget.bytes(), all);
                prop_assert!(budget.listed.len() <= sessions.len());
            }
            let most = sessions.values().map(|held| held.bytes).max();
            let found = budget.most(|session| Some(sessions.get_mut(&session)?.relist()));
            match most {
                None => prop_assert_eq!(found, None),
                Some(most) => {
                    let found = found.and_then(|session| sessions.get(&session));
                    prop_assert!(found.is_some_and(|held| held.bytes > most / 2));
                }
            }
        }
    }
}
