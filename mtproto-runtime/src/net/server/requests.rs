//! From a request of the core to a handler, and back.

use core::future::{Future, poll_fn};
use core::panic::AssertUnwindSafe;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::task::{self, Poll, Waker};

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::context::{ClientInfo, text};
use super::limits::Reserved;
use super::metrics::Refused;
use super::shared::{Hold, Phase, Shared, Wakeup, lock};
use super::turns::Party;
use super::{Context, Handle};
use crate::connection::server::SessionRef;
use crate::service::wrappers::{self, MAX_WRAPPERS, Wrapper};
use crate::service::{self, gzip};
use crate::session::RpcError;
use crate::session::server::RequestId;

/// A request as the core gives it out.
pub(super) struct Request {
    pub(super) from: SessionRef,
    pub(super) permanent: Option<i64>,
    pub(super) id: RequestId,
    pub(super) body: Vec<u8>,
    pub(super) peer: Option<SocketAddr>,
    /// The connection that it came over.
    pub(super) wakeup: Option<Arc<Wakeup>>,
}

/// Requests that handlers work on.
#[derive(Debug, Default)]
pub(super) struct Running(BTreeMap<(SessionRef, RequestId), AbortHandle>);

impl Running {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// What clients have told, by their permanent keys, or temporary ones that are not bound.
#[derive(Debug, Default)]
pub(super) struct Clients(HashMap<i64, Told>);

#[derive(Clone, Debug, Default)]
struct Told {
    layer: Option<i32>,
    client: Option<Arc<ClientInfo>>,
}

impl Clients {
    pub(super) fn bind(&mut self, temporary: i64, permanent: i64) {
        if let Some(told) = self.0.remove(&temporary) {
            self.0.entry(permanent).or_insert(told);
        }
    }

    pub(super) fn forget(&mut self, auth_key_id: i64) {
        self.0.remove(&auth_key_id);
    }
}

/// The packed requests of one packet. They are unpacked one after the other, and share one limit:
/// what a packet may cost does not depend on how many requests it is cut into.
#[derive(Debug)]
pub(super) struct Packed {
    /// How many bytes may still come out.
    left: Arc<tokio::sync::Mutex<usize>>,
    /// As long as they wait, nothing more is read from who sent them.
    _hold: Option<Hold>,
}

impl Shared {
    /// Takes a request out of its wrappers and gives it to the handler. `packed` is that of the
    /// packet, once it has one; `here`: the handler may begin in this task.
    pub(super) fn begin(
        self: &Arc<Self>,
        request: Request,
        packed: &mut Option<Arc<Packed>>,
        here: bool,
    ) {
        let (from, id) = (request.from, request.id);
        let Some(reserved) = self.budget.reserve(request.body.len()) else {
            return self.refuse(from, id, Refused::Request);
        };
        let mut context = Context {
            session: from,
            permanent_key: request.permanent,
            request: id,
            layer: None,
            client: None,
            without_updates: false,
            takeout: None,
            business_connection: None,
            peer: request.peer,
            server: Handle::new(self.clone()),
        };
        let mut body = request.body;
        if let Err(error) = self.unwrap(&mut body, &mut context, false) {
            return self.answer_to(from, id, Err(error));
        }
        if !gzip::is_packed(&body) {
            return self.run(context, body, reserved, here);
        }
        let packed = packed.get_or_insert_with(|| {
            Arc::new(Packed {
                left: Arc::new(tokio::sync::Mutex::new(
                    self.config.core.session.max_unpacked,
                )),
                _hold: request.wakeup.map(Hold::new),
            })
        });
        self.unpack(context, body, reserved, packed.clone());
    }

    /// Takes off what is not packed, and notes down what the wrappers say. An error if a wrapper is
    /// malformed, or there are too many, or one that was packed wants an order.
    fn unwrap(
        &self,
        body: &mut Vec<u8>,
        context: &mut Context,
        was_packed: bool,
    ) -> Result<(), RpcError> {
        let key = context.permanent_key.unwrap_or(context.session.auth_key_id);
        let mut told = lock(&self.clients).0.get(&key).cloned().unwrap_or_default();
        let mut is_new = false;
        let mut inner = body.as_slice();
        let mut wrappers = 0;
        while !gzip::is_packed(inner)
            && let Some((wrapper, rest)) = wrappers::split(inner).ok_or_else(malformed)?
        {
            wrappers += 1;
            if wrappers > MAX_WRAPPERS {
                return Err(malformed());
            }
            match wrapper {
                Wrapper::Layer(layer) => {
                    is_new |= told.layer != Some(layer);
                    told.layer = Some(layer);
                }
                Wrapper::InitConnection(init) => {
                    if !told.client.as_ref().is_some_and(|client| client.is(&init)) {
                        is_new = true;
                        told.client = Some(Arc::new(ClientInfo::of(&init)));
                    }
                }
                Wrapper::WithoutUpdates => context.without_updates = true,
                Wrapper::Takeout(id) => context.takeout = Some(id),
                Wrapper::BusinessConnection(id) => context.business_connection = Some(text(id)),
                // The session has let the others run before this one came here, but could not see
                // what was packed. It must not run too early.
                Wrapper::AfterMsgs(_) if was_packed => {
                    return Err(RpcError::new(400, "MSG_WAIT_FAILED"));
                }
                Wrapper::AfterMsgs(_) | Wrapper::Other(_) => {}
            }
            inner = rest;
        }
        context.layer = told.layer.or(self.config.default_layer);
        context.client.clone_from(&told.client);
        if is_new {
            lock(&self.clients).0.insert(key, told);
        }
        let length = body.len() - inner.len();
        body.drain(..length);
        Ok(())
    }

    /// Unpacks a request where blocking is allowed, when it is its turn, and gives it to the handler.
    fn unpack(
        self: &Arc<Self>,
        mut context: Context,
        body: Vec<u8>,
        reserved: Reserved,
        packed: Arc<Packed>,
    ) {
        let shared = self.clone();
        let (from, id) = (context.session, context.request);
        let party = match context.peer {
            Some(peer) => Party::Address(peer.ip().into()),
            None => Party::Key(context.permanent_key.unwrap_or(from.auth_key_id)),
        };
        self.spawn(from, id, async move {
            let mut left = packed.left.clone().lock_owned().await;
            let is_first = *left == shared.config.core.session.max_unpacked;
            let turn = shared.unpacking.take(party).await;
            let held = packed.clone();
            // What it has is not given back before it is done, though nobody may wait for it any
            // more.
            let unpack = move || {
                let _kept = (held, turn, reserved);
                let limit = *left;
                let unpacked = gzip::unpack(&body, limit).ok();
                // What is broken or too long has cost as much as there was left.
                *left -= unpacked.as_ref().map_or(limit, Vec::len);
                unpacked
            };
            let unpacked = tokio::task::spawn_blocking(unpack).await;
            drop(packed);
            let Some(mut body) = unpacked.ok().flatten() else {
                // What came after others may do on its own.
                return match is_first {
                    true => shared.answer_to(from, id, Err(malformed())),
                    false => shared.refuse(from, id, Refused::Request),
                };
            };
            let Some(_reserved) = shared.budget.reserve(body.len()) else {
                return shared.refuse(from, id, Refused::Request);
            };
            if let Err(error) = shared.unwrap(&mut body, &mut context, true) {
                return shared.answer_to(from, id, Err(error));
            }
            if gzip::is_packed(&body) {
                return shared.answer_to(from, id, Err(malformed()));
            }
            shared.work(context, body).await;
        });
    }

    fn run(self: &Arc<Self>, context: Context, body: Vec<u8>, reserved: Reserved, here: bool) {
        let (from, id) = (context.session, context.request);
        let shared = self.clone();
        let work = async move {
            shared.work(context, body).await;
            drop(reserved);
        };
        if !here {
            return self.spawn(from, id, work);
        }
        let mut work = Box::pin(work);
        // Whatever it waits for is asked again by the task that it gets.
        let mut nobody = task::Context::from_waker(Waker::noop());
        match work.as_mut().poll(&mut nobody) {
            Poll::Ready(()) => self.ended.notify_waiters(),
            Poll::Pending => self.spawn(from, id, work),
        }
    }

    /// Does the work for a request in a task of its own, which can be cancelled.
    fn spawn(
        self: &Arc<Self>,
        from: SessionRef,
        id: RequestId,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let shared = self.clone();
        let work = async move {
            work.await;
            lock(&shared.running).0.remove(&(from, id));
            shared.ended.notify_waiters();
        };
        // The lock is held until the task is in the list, so that it does not leave it before.
        let mut running = lock(&self.running);
        let task = tokio::spawn(work);
        if self.phase() == Phase::Over {
            task.abort();
        }
        running.0.insert((from, id), task.abort_handle());
        drop(running);
        // Whoever cancelled it before it was in the list has not found it there.
        let is_wanted = self.lock().server.is_running(from, id);
        if !is_wanted {
            self.cancel(from, id);
        }
    }

    /// Runs the handler and answers.
    async fn work(self: &Arc<Self>, context: Context, body: Vec<u8>) {
        let (from, id) = (context.session, context.request);
        let function = service::id(&body).unwrap_or(0);
        self.metrics.request(function);
        let begun = Instant::now();
        let result = self.call_handler(context, body).await;
        let error = result.as_ref().err().map(|error| error.code);
        self.metrics.answered(function, begun.elapsed(), error);
        self.answer_to(from, id, result);
    }

    /// The handler's answer. One that panics is answered for, and harms nobody else.
    async fn call_handler(&self, context: Context, body: Vec<u8>) -> Result<Vec<u8>, RpcError> {
        let internal = || Err(RpcError::new(500, "INTERNAL"));
        let handle = || self.handler.handle(context, body);
        let Ok(mut answer) = catch_unwind(AssertUnwindSafe(handle)) else {
            return internal();
        };
        poll_fn(|cx| {
            let poll = || answer.as_mut().poll(cx);
            catch_unwind(AssertUnwindSafe(poll)).unwrap_or_else(|_| Poll::Ready(internal()))
        })
        .await
    }

    fn answer_to(
        self: &Arc<Self>,
        to: SessionRef,
        request: RequestId,
        result: Result<Vec<u8>, RpcError>,
    ) {
        let result = result.map(|value| self.pack(value));
        let result = result.as_ref().map(Vec::as_slice);
        self.act(|core, now| core.server.reply(now, to, request, result));
    }

    /// Packs a long value, if that is worth it.
    pub(super) fn pack(&self, value: Vec<u8>) -> Vec<u8> {
        let mut packed = Vec::new();
        match self.config.core.session.gzip && gzip::pack(&value, &mut packed) {
            true => packed,
            false => value,
        }
    }

    fn refuse(self: &Arc<Self>, from: SessionRef, request: RequestId, what: Refused) {
        self.metrics.refused(what);
        self.answer_to(from, request, Err(RpcError::new(420, "FLOOD_WAIT_1")));
    }

    /// Nobody wants the answer.
    pub(super) fn cancel(self: &Arc<Self>, from: SessionRef, request: RequestId) {
        let task = lock(&self.running).0.remove(&(from, request));
        if let Some(task) = task {
            task.abort();
            self.ended.notify_waiters();
            // Sends nothing, but the core does not count it any more.
            self.answer_to(from, request, Err(RpcError::new(500, "CANCELLED")));
        }
    }

    pub(super) fn cancel_all(self: &Arc<Self>, from: SessionRef) {
        let of_session = (from, RequestId(i64::MIN))..=(from, RequestId(i64::MAX));
        let requests: Vec<RequestId> = {
            let running = lock(&self.running);
            let requests = running.0.range(of_session);
            requests.map(|((_, request), _)| *request).collect()
        };
        for request in requests {
            self.cancel(from, request);
        }
    }

    /// All that are still running.
    pub(super) fn abort_all(&self) {
        for task in lock(&self.running).0.values() {
            task.abort();
        }
    }
}

fn malformed() -> RpcError {
    RpcError::new(400, "INPUT_FETCH_ERROR")
}
