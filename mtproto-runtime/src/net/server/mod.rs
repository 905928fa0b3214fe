//! A server on sockets.
