//! Schema files in, a Rust file out.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use tl_parser::Compiler;
use tl_parser::diagnostic::Diagnostic;
use tl_parser::id::{BadKnownId, KnownIds};
use tl_parser::source::{Source, Sources, TooLong};

use crate::config::Config;
use crate::emit::{self, Style};
use crate::lower::lower;

/// Why nothing was generated.
#[non_exhaustive]
pub enum Error {
    /// No schema file was given.
    NoSchema,
    /// `OUT_DIR` is not set: this is no build script, and no other directory was given.
    NoOutDir,
    /// A schema file can't be read.
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A schema file is too long.
    TooLong {
        /// The file.
        path: PathBuf,
        /// How long it may be.
        source: TooLong,
    },
    /// A list of known ids makes no sense.
    KnownIds {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: BadKnownId,
    },
    /// The schema has faults. [`Display`](fmt::Display) renders them all.
    Schema(Faults),
    /// The schema has declarations that apply generic types to what depends on numbers, one within
    /// the other, so often that a type would need more than 64 numbers, or that there would be
    /// thousands of types.
    Unsupported {
        /// The names of the declarations.
        declarations: Vec<String>,
    },
    /// Functions take a query (`!X`) and, beside it, values of what the query is answered with (`X`).
    AnswerInQuestion {
        /// The names of the functions.
        declarations: Vec<String>,
    },
    /// What the configuration says something about is not in the schema.
    Unknown {
        /// The path.
        path: String,
        /// What may have been meant.
        similar: Option<String>,
    },
    /// What should be Rust is none.
    Setting {
        /// The method of [`Config`].
        setting: &'static str,
        /// What it was told.
        value: String,
        /// What it wants.
        wanted: &'static str,
    },
    /// The generated file can't be written.
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// The faults of a schema, with its files.
#[derive(Clone, Debug)]
pub struct Faults {
    /// The files.
    pub sources: Sources,
    /// All faults, warnings too.
    pub diagnostics: Vec<Diagnostic>,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let renderer = tl_parser::render::Renderer::default();
        for (index, diagnostic) in self.diagnostics.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            f.write_str(&renderer.render(diagnostic, &self.sources))?;
        }
        Ok(())
    }
}

/// The same as [`Display`](fmt::Display), and the cause: a build script whose `main` returns the
/// error shows it in this form.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        match std::error::Error::source(self) {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSchema => write!(f, "no schema file was given"),
            Self::NoOutDir => {
                write!(f, "OUT_DIR is not set and no other directory was given")
            }
            Self::Read { path, .. } => write!(f, "{} can't be read", path.display()),
            Self::TooLong { path, .. } => write!(f, "{} is too long", path.display()),
            Self::KnownIds { path, .. } => {
                write!(f, "{} is no list of known ids", path.display())
            }
            Self::Schema(faults) => write!(f, "the schema has errors\n{faults}"),
            Self::Unsupported { declarations } => write!(
                f,
                "type arguments that depend on numbers need too many types, or too many numbers, in {}",
                declarations.join(", ")
            ),
            Self::AnswerInQuestion { declarations } => write!(
                f,
                "a query and values of what it is answered with stand side by side in {}",
                declarations.join(", ")
            ),
            Self::Unknown { path, similar } => {
                write!(f, "nothing in the schema is called {path}")?;
                match similar {
                    Some(similar) => write!(f, "; did you mean {similar}?"),
                    None => Ok(()),
                }
            }
            Self::Setting {
                setting,
                value,
                wanted,
            } => write!(f, "{setting} wants {wanted}, and got `{value}`"),
            Self::Write { path, .. } => write!(f, "{} can't be written", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } | Self::Write { source, .. } => Some(source),
            Self::TooLong { source, .. } => Some(source),
            Self::KnownIds { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// What was generated.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Generated {
    /// The Rust text.
    pub text: String,
    /// What is doubtful in the schema.
    pub warnings: Faults,
}

impl Config {
    /// Reads the schema, generates, and writes the file if it is not there as it should be.
    ///
    /// In a build script Cargo is told to run it again when a schema changes, and warnings of the
    /// schema become warnings of the build.
    ///
    /// # Errors
    /// If a file can't be read or written, the schema has errors, or the configuration says something of what
    /// is not in it: nothing is written then.
    pub fn generate(&self) -> Result<PathBuf, Error> {
        let is_build_script = std::env::var_os("OUT_DIR").is_some();
        let directory = match (&self.out_dir, std::env::var_os("OUT_DIR")) {
            (Some(directory), _) => directory.clone(),
            (None, Some(directory)) => PathBuf::from(directory),
            (None, None) => return Err(Error::NoOutDir),
        };
        if is_build_script {
            for path in self.schemas.iter().chain(&self.known_ids) {
                println!("cargo::rerun-if-changed={}", path.display());
            }
        }
        let generated = self.generate_text()?;
        if is_build_script {
            for diagnostic in &generated.warnings.diagnostics {
                println!("cargo::warning={}", diagnostic.message);
            }
        }
        let path = directory.join(self.file_name());
        write_if_changed(&path, &generated.text).map_err(|source| Error::Write {
            path: path.clone(),
            source,
        })?;
        Ok(path)
    }

    /// Reads the schema and generates, without writing anything.
    ///
    /// # Errors
    /// If a file can't be read, the schema has errors, or the configuration says something of what is not in
    /// it.
    pub fn generate_text(&self) -> Result<Generated, Error> {
        if self.schemas.is_empty() {
            return Err(Error::NoSchema);
        }
        let mut sources = Vec::new();
        for path in &self.schemas {
            let bytes = std::fs::read(path).map_err(|source| Error::Read {
                path: path.clone(),
                source,
            })?;
            let source =
                Source::from_bytes(path.display().to_string(), bytes).map_err(|source| {
                    Error::TooLong {
                        path: path.clone(),
                        source,
                    }
                })?;
            sources.push(source);
        }
        self.generate_from(sources)
    }

    /// Generates from texts in memory instead of files.
    ///
    /// # Errors
    /// If the schema has errors, or the configuration says something of what is not in it.
    pub fn generate_from(
        &self,
        sources: impl IntoIterator<Item = Source>,
    ) -> Result<Generated, Error> {
        let mut compiler = Compiler::new();
        for path in &self.known_ids {
            let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
                path: path.clone(),
                source,
            })?;
            let known = KnownIds::parse(&text).map_err(|source| Error::KnownIds {
                path: path.clone(),
                source,
            })?;
            compiler = compiler.known_ids(known);
        }
        if let Some(rule) = self.id_rule {
            compiler = compiler.id_rule(rule);
        }
        for source in sources {
            compiler.add(source);
        }
        let compiled = compiler.compile();
        let faults = Faults {
            sources: compiled.sources,
            diagnostics: compiled.diagnostics,
        };
        let Some(schema) = compiled.schema else {
            return Err(Error::Schema(faults));
        };
        crate::check::check(self, &schema)?;
        let mut file = lower(&schema, &faults.sources, self)
            .map_err(|declarations| Error::Unsupported { declarations })?;
        file.header = header(&faults.sources);
        let text = emit::file(&file, &self.style());
        Ok(Generated {
            text,
            warnings: faults,
        })
    }

    fn style(&self) -> Style {
        Style {
            runtime: self.runtime.clone(),
            borrowed: self.ownership == crate::config::Ownership::Borrowed,
            owned: self.owned_module.clone(),
            format: self.format,
            conversions: self.conversions,
            assert_layout: self.assert_layout,
        }
    }

    pub(crate) fn file_name(&self) -> PathBuf {
        let stem = match &self.module {
            Some(module) => module.clone(),
            None => {
                let first = self.schemas.first().and_then(|path| path.file_stem());
                first.map_or_else(
                    || "schema".to_owned(),
                    |stem| stem.to_string_lossy().into_owned(),
                )
            }
        };
        PathBuf::from(stem + ".rs")
    }
}

fn header(sources: &Sources) -> Vec<String> {
    let names: Vec<&str> = sources
        .iter()
        .map(|(_, source)| source.name().rsplit(['/', '\\']).next().unwrap_or_default())
        .collect();
    vec![format!(
        "Generated by tl-codegen from {}. Do not edit.",
        names.join(", ")
    )]
}

/// Writes a file unless it has that text already, so that what depends on it is not built anew.
///
/// # Errors
/// Those of the file system.
pub fn write_if_changed(path: &Path, text: &str) -> io::Result<bool> {
    if std::fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(false);
    }
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    std::fs::write(path, text)?;
    Ok(true)
}
