//! Who asks.

use core::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use super::Handle;
use crate::connection::server::SessionRef;
use crate::service::wrappers::InitConnection;
use crate::session::server::RequestId;

/// Who asks, and how.
#[derive(Clone)]
#[non_exhaustive]
pub struct Context {
    /// The session: updates are pushed to it.
    pub session: SessionRef,
    /// The permanent key, which names the client for as long as it is installed. `None` under a
    /// temporary key that is not bound to one yet.
    pub permanent_key: Option<i64>,
    /// The request, by its msg_id.
    pub request: RequestId,
    /// The layer that the client told with this request, or with an earlier one under the same key.
    pub layer: Option<i32>,
    /// What the client told about itself, with this request or with an earlier one under the same
    /// key.
    pub client: Option<Arc<ClientInfo>>,
    /// The request came in `invokeWithoutUpdates`: this session wants none.
    pub without_updates: bool,
    /// The session of data export that the request belongs to (`invokeWithTakeout`).
    pub takeout: Option<i64>,
    /// In whose name the request is made (`invokeWithBusinessConnection`).
    pub business_connection: Option<String>,
    /// From where. `None` if the connection was gone before the request began.
    pub peer: Option<SocketAddr>,
    /// The server.
    pub server: Handle,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("session", &self.session)
            .field("permanent_key", &self.permanent_key)
            .field("request", &self.request)
            .field("layer", &self.layer)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// What a client tells about itself (`initConnection`). Texts are cut after 256 bytes.
///
/// See <https://core.telegram.org/method/initConnection>.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ClientInfo {
    /// The program.
    pub api_id: i32,
    /// The device.
    pub device_model: String,
    /// Its system.
    pub system_version: String,
    /// The program's version.
    pub app_version: String,
    /// The language of the system.
    pub system_lang_code: String,
    /// Which pack of translations is wanted.
    pub lang_pack: String,
    /// The language of the program.
    pub lang_code: String,
}

/// Longest text that is kept.
const LONGEST: usize = 256;

impl ClientInfo {
    pub(super) fn of(init: &InitConnection<'_>) -> Self {
        Self {
            api_id: init.api_id,
            device_model: text(init.device_model),
            system_version: text(init.system_version),
            app_version: text(init.app_version),
            system_lang_code: text(init.system_lang_code),
            lang_pack: text(init.lang_pack),
            lang_code: text(init.lang_code),
        }
    }

    /// Whether it says the same, without making one.
    pub(super) fn is(&self, init: &InitConnection<'_>) -> bool {
        let texts = [
            (&self.device_model, init.device_model),
            (&self.system_version, init.system_version),
            (&self.app_version, init.app_version),
            (&self.system_lang_code, init.system_lang_code),
            (&self.lang_pack, init.lang_pack),
            (&self.lang_code, init.lang_code),
        ];
        self.api_id == init.api_id && texts.iter().all(|(ours, found)| ours.as_bytes() == *found)
    }
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST)]).into_owned()
}
