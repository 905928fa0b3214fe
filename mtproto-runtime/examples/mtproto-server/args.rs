//! The command line.

use std::path::PathBuf;

pub(crate) const USAGE: &str = "usage: mtproto-server --listen ADDRESS [--rsa-key FILE] [--dc N] \
    [--legacy-rsa] [--store FOLDER] [--test-mode]";

pub(crate) struct Args {
    pub(crate) listen: String,
    pub(crate) rsa_key: Option<PathBuf>,
    pub(crate) dc: i32,
    pub(crate) legacy_rsa: bool,
    pub(crate) store: Option<PathBuf>,
    pub(crate) test_mode: bool,
}

impl Args {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut parsed = Self {
            listen: "127.0.0.1:0".to_owned(),
            rsa_key: None,
            dc: 2,
            legacy_rsa: false,
            store: None,
            test_mode: false,
        };
        while let Some(option) = args.next() {
            let mut value = || args.next().ok_or(format!("{option} wants a value"));
            match option.as_str() {
                "--listen" => parsed.listen = value()?,
                "--rsa-key" => parsed.rsa_key = Some(value()?.into()),
                "--dc" => {
                    let text = value()?;
                    parsed.dc = text
                        .parse()
                        .map_err(|_| format!("--dc {text} is no number"))?;
                }
                "--legacy-rsa" => parsed.legacy_rsa = true,
                "--store" => parsed.store = Some(value()?.into()),
                "--test-mode" => parsed.test_mode = true,
                _ => return Err(format!("{option} is not known")),
            }
        }
        Ok(parsed)
    }
}
