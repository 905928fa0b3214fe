//! Requests to the functions that answer them.

use core::future::Future;
use core::pin::Pin;
use std::collections::HashMap;

use super::Context;
use crate::session::RpcError;
use crate::tl::{Function, TlRead, TlWrite};

/// The answer of a handler when it comes: a serialised value, or an error.
pub type Answer = Pin<Box<dyn Future<Output = Result<Vec<u8>, RpcError>> + Send>>;

/// Answers requests.
///
/// Most programs give a [`Router`]. Requests run at the same time, those of one session too, each in
/// a task of its own, and are answered in the order in which they end. A request that comes alone is
/// begun in the task of its connection, and gets its own when it waits for something. What computes for
/// long belongs on a thread where blocking is allowed, as everywhere in tokio. A request whose answer
/// is not wanted any more (`rpc_drop_answer`, the end of its session) is dropped at its next `await`.
pub trait Handler: Send + Sync + 'static {
    /// Answers a request: the serialised function, out of all wrappers and unpacked, at least its
    /// constructor id.
    fn handle(&self, context: Context, request: Vec<u8>) -> Answer;
}

/// Finds the function for a request by its constructor id.
///
/// ```
/// use mtproto_runtime::net::server::{Context, Router};
/// use mtproto_runtime::session::RpcError;
/// # use mtproto_runtime::tl::{Function, Identified, ReadResult, Reader, TlRead};
/// # /// `double x:int = Int;`, as generated code has it.
/// # struct Double { x: i32 }
/// # impl Identified for Double {
/// #     const ID: u32 = 0x1111_1111;
/// #     const NAME: &'static str = "double";
/// # }
/// # impl Function for Double { type Output = i32; }
/// # impl<'a> TlRead<'a> for Double {
/// #     fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
/// #         r.expect_id(Self::ID, "double")?;
/// #         Ok(Self { x: r.int() })
/// #     }
/// # }
///
/// let router = Router::new()
///     .on(|_context, request: Double| async move {
///         request.x.checked_mul(2).ok_or(RpcError::new(400, "TOO_LARGE"))
///     })
///     .otherwise(|_context, request| async move {
///         eprintln!("an unknown request of {} bytes", request.len());
///         Err(RpcError::new(400, "INPUT_METHOD_INVALID"))
///     });
/// # let _ = router;
/// ```
pub struct Router {
    functions: HashMap<u32, Run>,
    otherwise: Run,
}

type Run = Box<dyn Fn(Context, Vec<u8>) -> Answer + Send + Sync>;

impl Default for Router {
    fn default() -> Self {
        Self::new()
    }
}

impl Router {
    /// Answers everything with 400 `INPUT_METHOD_INVALID`.
    #[must_use]
    pub fn new() -> Self {
        Self {
            functions: HashMap::new(),
            otherwise: run(|_, _| async { Err(RpcError::new(400, "INPUT_METHOD_INVALID")) }),
        }
    }

    /// Answers this function; what is not well-formed is answered with 400 `INPUT_FETCH_ERROR`. A
    /// later one for the same id takes the place of an earlier one.
    #[must_use]
    pub fn on<R, F, A>(mut self, answer: F) -> Self
    where
        R: Function + for<'a> TlRead<'a> + Send + 'static,
        R::Output: TlWrite,
        F: Fn(Context, R) -> A + Send + Sync + 'static,
        A: Future<Output = Result<R::Output, RpcError>> + Send + 'static,
    {
        let run: Run = Box::new(move |context, request| match R::from_bytes(&request) {
            Ok(request) => {
                let answer = answer(context, request);
                Box::pin(async move { serialise(&answer.await?) })
            }
            Err(_) => Box::pin(core::future::ready(Err(RpcError::new(
                400,
                "INPUT_FETCH_ERROR",
            )))),
        });
        self.functions.insert(R::ID, run);
        self
    }

    /// Answers the function with this id: bytes in, bytes out. For what differs between layers, and
    /// for types that borrow.
    #[must_use]
    pub fn on_id<F, A>(mut self, id: u32, answer: F) -> Self
    where
        F: Fn(Context, Vec<u8>) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Vec<u8>, RpcError>> + Send + 'static,
    {
        self.functions.insert(id, run(answer));
        self
    }

    /// Answers whatever else is asked.
    #[must_use]
    pub fn otherwise<F, A>(mut self, answer: F) -> Self
    where
        F: Fn(Context, Vec<u8>) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Vec<u8>, RpcError>> + Send + 'static,
    {
        self.otherwise = run(answer);
        self
    }
}

fn run<F, A>(answer: F) -> Run
where
    F: Fn(Context, Vec<u8>) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Vec<u8>, RpcError>> + Send + 'static,
{
    Box::new(move |context, request| Box::pin(answer(context, request)))
}

fn serialise(value: &impl TlWrite) -> Result<Vec<u8>, RpcError> {
    value.to_bytes().map_err(|error| {
        tracing::error!(%error, "an answer can't be written");
        RpcError::new(500, "INTERNAL")
    })
}

impl Handler for Router {
    fn handle(&self, context: Context, request: Vec<u8>) -> Answer {
        let id = crate::service::id(&request).unwrap_or(0);
        let run = self.functions.get(&id).unwrap_or(&self.otherwise);
        run(context, request)
    }
}

impl core::fmt::Debug for Router {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let ids = self.functions.keys().map(|id| format!("{id:08x}"));
        f.debug_tuple("Router")
            .field(&ids.collect::<Vec<_>>())
            .finish()
    }
}
