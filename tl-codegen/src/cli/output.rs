//! Where the verbs write to: the two standard streams, and files that are replaced whole.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};

/// When to use colours.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    fn choose(self, auto: ColorChoice) -> bool {
        match self {
            Self::Auto => auto != ColorChoice::Never,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// The two standard streams.
pub(super) struct Terminal {
    /// What was asked for.
    pub(super) out: Stream,
    /// What went wrong.
    pub(super) err: Stream,
}

impl Terminal {
    pub(super) fn new(color: Color) -> Self {
        let out = color.choose(AutoStream::choice(&io::stdout()));
        let err = color.choose(AutoStream::choice(&io::stderr()));
        // Without colours nothing stands between us and the file: the bytes may be a `.tlo`.
        let stdout: Box<dyn Write> = match out {
            true => Box::new(AutoStream::always(io::stdout())),
            false => Box::new(io::stdout()),
        };
        let stderr: Box<dyn Write> = match err {
            true => Box::new(AutoStream::always(io::stderr())),
            false => Box::new(io::stderr()),
        };
        Self {
            out: Stream::new(stdout, out),
            err: Stream::new(stderr, err),
        }
    }

    /// Writes a line that begins with `error:`. There is nobody to tell if even that fails.
    pub(super) fn complain(&mut self, message: &str) {
        let _ = self.flush();
        let _ = self.err.error(message).and_then(|()| self.err.flush());
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.err.flush()
    }
}

/// A standard stream. When its reader has gone away (`tl-gen ids … | head`), what is written after
/// that is dropped, and the verb ends as it would have.
pub(super) struct Stream {
    inner: Option<BufWriter<Box<dyn Write>>>,
    /// Whether to write colours.
    pub(super) color: bool,
}

impl Stream {
    fn new(inner: Box<dyn Write>, color: bool) -> Self {
        Self {
            inner: Some(BufWriter::with_capacity(1 << 16, inner)),
            color,
        }
    }

    /// Writes a line that begins with `error:`.
    pub(super) fn error(&mut self, message: &str) -> io::Result<()> {
        let (begin, end) = match self.color {
            true => ("\x1b[1;31m", "\x1b[0m"),
            false => ("", ""),
        };
        writeln!(self, "{begin}error{end}: {message}")
    }

    /// Does something with the reader, if it is still there.
    fn attempt<T>(
        &mut self,
        otherwise: T,
        action: impl FnOnce(&mut BufWriter<Box<dyn Write>>) -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(inner) = &mut self.inner else {
            return Ok(otherwise);
        };
        match action(inner) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                // Taken apart, so that dropping it does not try to write the rest once more.
                if let Some(inner) = self.inner.take() {
                    let _ = inner.into_parts();
                }
                Ok(otherwise)
            }
            result => result,
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(bytes.len(), |inner| inner.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt((), BufWriter::flush)
    }
}

/// Replaces a file's contents: readers see the old or the new text, never a part, and a failure
/// leaves the old one. Permissions stay. Links are followed; what is not an ordinary file (a pipe,
/// a device) is written to and not replaced.
pub(super) fn replace_file(path: &Path, contents: &[u8]) -> io::Result<()> {
    // A dangling link has no canonical path and is replaced by the new file's rename.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = match fs::metadata(&target) {
        Ok(old) if old.is_file() => Some(old),
        Ok(_) => {
            return OpenOptions::new()
                .write(true)
                .open(&target)?
                .write_all(contents);
        }
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let (temporary, mut file) = create_beside(&target)?;
    let written = (|| {
        file.write_all(contents)?;
        if let Some(old) = old {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&temporary, &target)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// A new file in the same folder, under a name that nobody else has.
fn create_beside(target: &Path) -> io::Result<(PathBuf, File)> {
    let name = target
        .file_name()
        .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "this is no name of a file"))?;
    for attempt in 0..100_u32 {
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}-{attempt}", std::process::id()));
        let temporary = target.with_file_name(temporary);
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)
        {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        let mut stream = Stream::new(Box::new(Gone), false);
        for _ in 0..3 {
            stream.write_all(&[0; 100_000]).unwrap();
            stream.flush().unwrap();
        }
        assert!(stream.inner.is_none());
    }

    #[test]
    fn other_errors_are_errors() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut stream = Stream::new(Box::new(Full), false);
        stream.write_all(b"x").unwrap();
        assert_eq!(stream.flush().unwrap_err().kind(), ErrorKind::StorageFull);
    }
}
