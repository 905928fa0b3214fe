//! `invokeWithLayer` and `initConnection`: what Telegram's API wants to hear before anything else.

use crate::tl::Writer;
use crate::tl::{TlWrite, WriteError};

const INVOKE_WITH_LAYER: u32 = 0xda9b_0d0d;
const INIT_CONNECTION: u32 = 0xc1cd_5ea9;

/// Who the client is, as Telegram's API wants to know it.
///
/// As long as no call of the session was answered, calls are wrapped in
/// `invokeWithLayer(initConnection(..))`; and again after a new session and after a new temporary
/// key.
///
/// See <https://core.telegram.org/api/invoking>.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Init {
    /// The layer of the schema that the calls are of.
    pub layer: i32,
    /// The number of the application.
    pub api_id: i32,
    /// The device.
    pub device_model: String,
    /// The operating system.
    pub system_version: String,
    /// The application.
    pub app_version: String,
    /// The system's language.
    pub system_lang_code: String,
    /// Empty, unless the application is one of Telegram's own.
    pub lang_pack: String,
    /// The application's language.
    pub lang_code: String,
}

impl Init {
    /// An application that says little about itself.
    ///
    /// ```
    /// use mtproto_runtime::net::client::Init;
    ///
    /// let mut init = Init::new(230, 12345);
    /// init.lang_code = "de".into();
    /// ```
    #[must_use]
    pub fn new(layer: i32, api_id: i32) -> Self {
        Self {
            layer,
            api_id,
            device_model: std::env::consts::ARCH.into(),
            system_version: std::env::consts::OS.into(),
            app_version: env!("CARGO_PKG_VERSION").into(),
            system_lang_code: "en".into(),
            lang_pack: String::new(),
            lang_code: "en".into(),
        }
    }

    /// What stands before a request.
    pub(super) fn prefix(&self) -> Result<Vec<u8>, WriteError> {
        self.to_bytes()
    }
}

impl TlWrite for Init {
    fn write(&self, w: &mut Writer<'_>) {
        w.id(INVOKE_WITH_LAYER);
        w.int(self.layer);
        w.id(INIT_CONNECTION);
        // No proxy, no params.
        w.nat(0);
        w.int(self.api_id);
        for text in [
            &self.device_model,
            &self.system_version,
            &self.app_version,
            &self.system_lang_code,
            &self.lang_pack,
            &self.lang_code,
        ] {
            w.bytes(text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::wrappers;

    #[test]
    fn a_server_finds_the_request_behind_it() {
        let request = 0xc4f9_186b_u32.to_le_bytes();
        let mut bytes = Init::new(230, 6).prefix().unwrap();
        bytes.extend_from_slice(&request);
        assert_eq!(*wrappers::innermost(&bytes, 1000).unwrap(), request);
        assert_eq!(bytes[..8], [0x0d, 0x0d, 0x9b, 0xda, 230, 0, 0, 0]);
    }
}
