//! Sequence numbers: twice the number of content-related messages before, plus one for a message
//! that is content-related itself.
//!
//! See <https://core.telegram.org/mtproto/description#message-sequence-number-msg-seqno>.

/// Counts the content-related messages that were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct SeqNo {
    content_related: u32,
}

impl SeqNo {
    pub(crate) fn next(&mut self, content_related: bool) -> i32 {
        let even = self.content_related.wrapping_mul(2);
        let number = even | u32::from(content_related);
        if content_related {
            self.content_related = self.content_related.wrapping_add(1);
        }
        (number & 0x7fff_ffff).cast_signed()
    }
}

/// Whether the sender of this number wants an ack.
pub(crate) const fn is_content_related(seq_no: i32) -> bool {
    seq_no & 1 == 1
}

/// What the peer's sequence numbers say, beyond their lowest bit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SeqOrder {
    highest: Option<(i64, i32)>,
}

/// How a number stands to the one of a message with another id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Order {
    Good,
    /// A message with a lower id has a higher number, or the same although it counts.
    TooLow,
    /// A message with a higher id has a lower number.
    TooHigh,
}

impl SeqOrder {
    pub(crate) const fn new() -> Self {
        Self { highest: None }
    }

    /// Judges a message that is new, and remembers it if it is good.
    pub(crate) fn judge(&mut self, msg_id: i64, seq_no: i32) -> Order {
        let Some((highest_id, highest)) = self.highest else {
            self.highest = Some((msg_id, seq_no));
            return Order::Good;
        };
        // Two may share a number only if one of them does not count.
        let same = seq_no == highest && is_content_related(seq_no);
        if msg_id > highest_id {
            if seq_no < highest || same {
                return Order::TooLow;
            }
            self.highest = Some((msg_id, seq_no));
        } else if seq_no > highest || same {
            return Order::TooHigh;
        }
        Order::Good
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_what_wants_an_ack() {
        let mut seq_no = SeqNo::default();
        let content = [true, false, true, true, false];
        assert_eq!(content.map(|c| seq_no.next(c)), [1, 2, 3, 5, 6]);
        let mut late = SeqNo {
            content_related: u32::MAX,
        };
        assert_eq!(late.next(true), 0x7fff_ffff);
        assert_eq!(late.next(false), 0);
    }

    #[test]
    fn order_of_numbers_is_that_of_ids() {
        let mut order = SeqOrder::new();
        assert_eq!(order.judge(40, 5), Order::Good);
        assert_eq!(order.judge(44, 6), Order::Good);
        assert_eq!(order.judge(48, 6), Order::Good);
        assert_eq!(order.judge(52, 3), Order::TooLow);
        assert_eq!(order.judge(36, 9), Order::TooHigh);
        assert_eq!(order.judge(36, 3), Order::Good);
        assert_eq!(order.judge(56, 7), Order::Good);
        assert_eq!(order.judge(60, 7), Order::TooLow);
    }
}
