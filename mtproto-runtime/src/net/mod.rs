//! Clients and servers on sockets, with tokio: the drivers of [`connection`](crate::connection).
//!
//! | module | what |
//! |---|---|
//! | [`client`] | calls, reconnects, updates |
//! | [`server`] | listeners, handlers of typed requests, limits |

pub mod client;
pub mod server;
