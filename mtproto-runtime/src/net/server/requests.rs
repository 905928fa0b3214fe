//! From a request of the core to a handler, and back.

use core::future::poll_fn;
use core::panic::AssertUnwindSafe;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::task::Poll;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::context::{ClientInfo, text};
use super::limits::Reserved;
use super::metrics::Refused;
use super::shared::{Shared, lock};
use super::{Context, Handle};
use crate::connection::server::SessionRef;
use crate::service::wrappers::{self, Wrapper};
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

impl Shared {
    /// Takes a request out of its wrappers and gives it to the handler.
    pub(super) fn begin(self: &Arc<Self>, request: Request) {
        let Some(mut reserved) = self.budget.reserve(request.body.len()) else {
            return self.refuse(&request, Refused::Request);
        };
        let mut context = Context {
            session: request.from,
            permanent_key: request.permanent,
            request: request.id,
            layer: None,
            client: None,
            without_updates: false,
            takeout: None,
            business_connection: None,
            peer: request.peer,
            server: Handle::new(self.clone()),
        };
        let Some(body) = self.unwrap(&request, &mut context) else {
            self.answer(&request, Err(RpcError::new(400, "INPUT_FETCH_ERROR")));
            return;
        };
        let body = match body {
            Cow::Owned(unpacked) => {
                match self.budget.reserve(unpacked.len()) {
                    Some(unpacked) => reserved = unpacked,
                    None => return self.refuse(&request, Refused::Request),
                }
                unpacked
            }
            Cow::Borrowed(inner) if inner.len() == request.body.len() => {
                let Request { body, .. } = request;
                return self.run(request.from, request.id, body, context, reserved);
            }
            Cow::Borrowed(inner) => inner.to_vec(),
        };
        self.run(request.from, request.id, body, context, reserved);
    }

    /// The innermost request; notes down what the wrappers say.
    fn unwrap<'a>(&self, request: &'a Request, context: &mut Context) -> Option<Cow<'a, [u8]>> {
        let key = request.permanent.unwrap_or(request.from.auth_key_id);
        let mut told = lock(&self.clients).0.get(&key).cloned().unwrap_or_default();
        let mut is_new = false;
        let limit = self.config.core.session.max_unpacked;
        let body = wrappers::unwrap(&request.body, limit, |wrapper| match wrapper {
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
            Wrapper::AfterMsgs(_) | Wrapper::Other(_) => {}
        });
        context.layer = told.layer.or(self.config.default_layer);
        context.client.clone_from(&told.client);
        if is_new {
            lock(&self.clients).0.insert(key, told);
        }
        body
    }

    fn run(
        self: &Arc<Self>,
        from: SessionRef,
        id: RequestId,
        body: Vec<u8>,
        context: Context,
        reserved: Reserved,
    ) {
        let shared = self.clone();
        let function = service::id(&body).unwrap_or(0);
        self.metrics.request(function);
        let work = async move {
            let begun = Instant::now();
            let result = shared.call_handler(context, body).await;
            let error = result.as_ref().err().map(|error| error.code);
            shared.metrics.answered(function, begun.elapsed(), error);
            shared.answer_to(from, id, result);
            lock(&shared.running).0.remove(&(from, id));
            drop(reserved);
            shared.ended.notify_waiters();
        };
        // The lock is held until the task is in the list, so that it does not leave it before.
        let mut running = lock(&self.running);
        let task = tokio::spawn(work);
        running.0.insert((from, id), task.abort_handle());
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

    fn answer(self: &Arc<Self>, request: &Request, result: Result<Vec<u8>, RpcError>) {
        self.answer_to(request.from, request.id, result);
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

    fn refuse(self: &Arc<Self>, request: &Request, what: Refused) {
        self.metrics.refused(what);
        self.answer(request, Err(RpcError::new(420, "FLOOD_WAIT_1")));
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
