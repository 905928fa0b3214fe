//! The command line.

use std::path::PathBuf;

pub(crate) const USAGE: &str = "usage: mtproto-server [OPTIONS]

  --listen ADDRESS  where to listen, as 127.0.0.1:4430; port 0, as in 127.0.0.1:0, takes one that is
                    free, and is what is done without this option
  --rsa-key FILE    its private key, PEM, PKCS#1 or PKCS#8; without it one is made, and its public
                    half printed
  --dc N            which DC it says it is [2]
  --legacy-rsa      also take the form of the key exchange before 2021
  --store FOLDER    keep keys in a folder, so that sessions outlive the process
  --test-mode       say that it is of the test environment
  --help            print this

It prints `listening on ADDRESS` when it is ready. Ctrl-C lets what runs come to an end.";

pub(crate) struct Args {
    pub(crate) listen: String,
    pub(crate) rsa_key: Option<PathBuf>,
    pub(crate) dc: i32,
    pub(crate) legacy_rsa: bool,
    pub(crate) store: Option<PathBuf>,
    pub(crate) test_mode: bool,
}

impl Args {
    /// `None` if help is wanted.
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
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
                    parsed.dc = match text.parse() {
                        Ok(dc) if dc != 0 => dc,
                        _ => return Err(format!("--dc {text} is no number of a DC")),
                    };
                }
                "--legacy-rsa" => parsed.legacy_rsa = true,
                "--store" => parsed.store = Some(value()?.into()),
                "--test-mode" => parsed.test_mode = true,
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("{option} is not known")),
            }
        }
        Ok(Some(parsed))
    }
}
