//! Work of which only so much is done at a time: who wants much of it does not keep others waiting.
//!
//! Everybody who waits stands in the queue of a party, and the parties take turns.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use super::limits::Origin;
use super::shared::lock;

/// Who shares a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    Address(Origin),
    /// Whose connection is gone already.
    Key(i64),
}

#[derive(Debug)]
pub(super) struct Turns(Mutex<State>);

#[derive(Debug)]
struct State {
    free: usize,
    /// Parties of which somebody waits, in the order in which they have their next turn.
    waiting: VecDeque<(Party, VecDeque<oneshot::Sender<Turn>>)>,
}

/// Somebody's turn, for as long as it lives.
#[derive(Debug)]
pub(super) struct Turn {
    /// `None` once it was handed on.
    turns: Option<Arc<Turns>>,
}

impl Turns {
    /// So many at a time.
    pub(super) fn new(at_a_time: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            free: at_a_time,
            waiting: VecDeque::new(),
        })))
    }

    /// Waits for a turn. `None` would be one that was lost; whoever has it goes on.
    pub(super) async fn take(self: &Arc<Self>, party: Party) -> Option<Turn> {
        let turn = {
            let mut state = lock(&self.0);
            if state.free > 0 {
                state.free -= 1;
                return Some(Turn {
                    turns: Some(self.clone()),
                });
            }
            let (sender, receiver) = oneshot::channel();
            let queue = state.waiting.iter_mut().find(|(other, _)| *other == party);
            match queue {
                Some((_, queue)) => queue.push_back(sender),
                None => state.waiting.push_back((party, VecDeque::from([sender]))),
            }
            receiver
        };
        turn.await.ok()
    }

    /// How many turns nobody has.
    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        lock(&self.0).free
    }

    /// Gives a turn to who is next.
    fn hand_on(self: Arc<Self>) {
        let mut turn = Turn { turns: Some(self) };
        // Who does not want it any more gives it back here, and not from within the lock.
        while let Some(turns) = &turn.turns {
            let next = lock(&turns.0).next();
            let Some(next) = next else {
                turn.turns = None;
                return;
            };
            match next.send(turn) {
                Ok(()) => return,
                Err(back) => turn = back,
            }
        }
    }
}

impl State {
    /// Who is next; if nobody is, the turn is free.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        loop {
            let Some((party, mut queue)) = self.waiting.pop_front() else {
                self.free += 1;
                return None;
            };
            let next = queue.pop_front();
            if !queue.is_empty() {
                self.waiting.push_back((party, queue));
            }
            if next.is_some() {
                return next;
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turns) = self.turns.take() {
            turns.hand_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use core::future::Future;
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};

    use super::*;

    const FLOOD: Party = Party::Key(1);
    const OTHER: Party = Party::Key(2);

    fn poll<F: Future>(future: core::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_flood_of_one_party_delays_another_by_one_turn() {
        let turns = Turns::new(1);
        let mut first = pin!(turns.take(FLOOD));
        let Poll::Ready(mut turn) = poll(first.as_mut()) else {
            panic!("it is free");
        };
        let mut flood: Vec<_> = (0..100).map(|_| Box::pin(turns.take(FLOOD))).collect();
        assert!(
            flood
                .iter_mut()
                .all(|wait| poll(wait.as_mut()).is_pending())
        );
        let mut other = pin!(turns.take(OTHER));
        assert!(poll(other.as_mut()).is_pending());
        let mut before = 0;
        turn = loop {
            drop(turn);
            if let Poll::Ready(turn) = poll(other.as_mut()) {
                break turn;
            }
            let Poll::Ready(next) = poll(flood[before].as_mut()) else {
                panic!("it is their turn");
            };
            before += 1;
            turn = next;
        };
        assert_eq!(before, 1);
        for wait in &mut flood[1..] {
            drop(turn);
            turn = match poll(wait.as_mut()) {
                Poll::Ready(turn) => turn,
                Poll::Pending => panic!("it is their turn"),
            };
        }
        drop(turn);
        assert_eq!(turns.free(), 1);
    }

    #[test]
    fn no_turn_is_lost_with_who_goes_away() {
        let turns = Turns::new(1);
        let Poll::Ready(turn) = poll(pin!(turns.take(FLOOD))) else {
            panic!("it is free");
        };
        let mut waiting: Vec<_> = [FLOOD, OTHER, FLOOD, FLOOD]
            .map(|party| Box::pin(turns.take(party)))
            .into();
        assert!(
            waiting
                .iter_mut()
                .all(|wait| poll(wait.as_mut()).is_pending())
        );
        // One that waits, and one that has its turn and does not know yet.
        drop(waiting.remove(2));
        drop(turn);
        drop(waiting.remove(0));
        let Poll::Ready(turn) = poll(waiting[0].as_mut()) else {
            panic!("it is their turn");
        };
        assert_eq!(turns.free(), 0);
        drop((turn, waiting));
        assert_eq!(turns.free(), 1);
    }
}
