//! A client on a socket.
