//! Bytes to the tree. The bytes may be anything: counts are held against the bytes that are left,
//! nesting against a limit, names against what a name may be.

use super::encode::MAX_NAME;
use super::tree::{
    Arg, Combinator, Exists, Expr, File, NatExpr, Type, TypeExpr, arg_flag as flag, magic,
};
use super::{ReadError, ReadErrorKind, Version};

/// How deep types may be nested; deeper than any schema goes, and than the text's reader reads.
const MAX_DEPTH: u32 = 64;

/// The least sizes in bytes, to hold counts against.
const MIN_TYPE: usize = 32;
const MIN_COMBINATOR: usize = 36;
const MIN_ARG: usize = 24;
const MIN_EXPR: usize = 12;

/// Reads a file.
pub(super) fn decode(bytes: &[u8]) -> Result<File, ReadError> {
    let mut reader = Decoder {
        bytes,
        offset: 0,
        version: Version::V2,
    };
    reader.version = match reader.word("the version's number")? {
        magic::SCHEMA_V2 => Version::V2,
        magic::SCHEMA_V3 => Version::V3,
        magic::SCHEMA_V4 => Version::V4,
        found => return Err(error(0, ReadErrorKind::Version { found })),
    };
    reader.word("version")?;
    reader.word("date")?;
    let types = reader.list("types", MIN_TYPE, Decoder::ty)?;
    let constructors = reader.list("constructors", MIN_COMBINATOR, Decoder::combinator)?;
    let functions = reader.list("functions", MIN_COMBINATOR, Decoder::combinator)?;
    let left = reader.left();
    if left != 0 {
        return Err(error(reader.offset, ReadErrorKind::TrailingBytes { left }));
    }
    Ok(File {
        version: reader.version,
        types,
        constructors,
        functions,
    })
}

const fn error(offset: usize, kind: ReadErrorKind) -> ReadError {
    ReadError { offset, kind }
}

struct Decoder<'a> {
    bytes: &'a [u8],
    offset: usize,
    version: Version,
}

impl Decoder<'_> {
    const fn left(&self) -> usize {
        self.bytes.len() - self.offset
    }

    fn take<const N: usize>(&mut self, wanted: &'static str) -> Result<[u8; N], ReadError> {
        let Some(bytes) = self.bytes[self.offset..].first_chunk::<N>() else {
            return Err(error(self.offset, ReadErrorKind::End { wanted }));
        };
        self.offset += N;
        Ok(*bytes)
    }

    fn word(&mut self, wanted: &'static str) -> Result<u32, ReadError> {
        self.take(wanted).map(u32::from_le_bytes)
    }

    /// A word that says what follows.
    fn magic<T: Copy>(
        &mut self,
        wanted: &'static str,
        choices: &[(u32, T)],
    ) -> Result<T, ReadError> {
        let offset = self.offset;
        let found = self.word(wanted)?;
        choices
            .iter()
            .find(|(magic, _)| *magic == found)
            .map(|&(_, choice)| choice)
            .ok_or_else(|| error(offset, ReadErrorKind::Magic { wanted, found }))
    }

    fn count(&mut self, of: &'static str, min_size: usize) -> Result<usize, ReadError> {
        let offset = self.offset;
        let count = self.word(of)?;
        match usize::try_from(count) {
            Ok(count) if count <= self.left() / min_size => Ok(count),
            _ => Err(error(offset, ReadErrorKind::Count { of, count })),
        }
    }

    fn list<T>(
        &mut self,
        of: &'static str,
        min_size: usize,
        item: fn(&mut Self) -> Result<T, ReadError>,
    ) -> Result<Vec<T>, ReadError> {
        let count = self.count(of, min_size)?;
        (0..count).map(|_| item(self)).collect()
    }

    /// A name: letters, digits, `_` and `.`. Anything else could not stand in the text, or would
    /// say something else there. `special` is one more that may stand.
    fn name(&mut self, wanted: &'static str, special: &str) -> Result<String, ReadError> {
        let offset = self.offset;
        let [len] = self.take::<1>(wanted)?;
        let len = usize::from(len);
        if len > MAX_NAME {
            return Err(error(offset, ReadErrorKind::NameTooLong));
        }
        let padded = (1 + len).next_multiple_of(4) - 1;
        if padded > self.left() {
            return Err(error(offset, ReadErrorKind::End { wanted }));
        }
        let name = &self.bytes[self.offset..self.offset + len];
        self.offset += padded;
        let name = std::str::from_utf8(name)
            .ok()
            .filter(|name| *name == special || is_name(name))
            .ok_or_else(|| error(offset, ReadErrorKind::Name { wanted }))?;
        Ok(name.to_owned())
    }

    fn ty(&mut self) -> Result<Type, ReadError> {
        self.magic("a type", &[(magic::TYPE, ())])?;
        Ok(Type {
            name: self.word("a type's number")?,
            id: self.name("a type's name", "#")?,
            constructors_num: self.word("the number of a type's constructors")?,
            flags: self.word("a type's flags")?,
            arity: self.word("a type's arity")?,
            params_type: self
                .take("the kinds of a type's parameters")
                .map(u64::from_le_bytes)?,
        })
    }

    fn combinator(&mut self) -> Result<Combinator, ReadError> {
        let has_flags = self.magic(
            "a combinator",
            match self.version {
                Version::V2 | Version::V3 => &[(magic::COMBINATOR, false)],
                Version::V4 => &[(magic::COMBINATOR_V4, true), (magic::COMBINATOR, false)],
            },
        )?;
        let name = self.word("a constructor id")?;
        let id = self.name("a combinator's name", "_")?;
        let type_name = self.word("the number of a result's type")?;
        let left = self.magic(
            "the left side of a combinator",
            &[(magic::LEFT_BUILTIN, false), (magic::LEFT, true)],
        )?;
        let left = if left { Some(self.args(0)?) } else { None };
        self.magic("the right side of a combinator", &[(magic::RIGHT, ())])?;
        let right = self.type_expr(0)?;
        let flags = if has_flags {
            self.word("a combinator's flags")?
        } else {
            0
        };
        Ok(Combinator {
            name,
            id,
            type_name,
            left,
            right,
            flags,
        })
    }

    fn args(&mut self, depth: u32) -> Result<Vec<Arg>, ReadError> {
        let count = self.count("parameters", MIN_ARG)?;
        (0..count).map(|_| self.arg(depth)).collect()
    }

    fn arg(&mut self, depth: u32) -> Result<Arg, ReadError> {
        let offset = self.offset;
        self.magic("a parameter", &[(magic::ARG, ())])?;
        let id = self.name("a parameter's name", "")?;
        if id.contains('.') {
            let wanted = "a parameter's name";
            return Err(error(offset, ReadErrorKind::Name { wanted }));
        }
        let flags = self.word("a parameter's flags")?;
        let bits = self.version.arg_bits();
        let var_num = if flags & bits.var_num != 0 {
            Some(self.word("the number of a variable")?)
        } else {
            None
        };
        let exists = if flags & bits.exists != 0 {
            Some(Exists {
                var_num: self.word("the number of a flags field")?,
                bit: self.word("a flag's bit")?,
            })
        } else {
            None
        };
        Ok(Arg {
            offset,
            id,
            is_variable: flags & flag::VARIABLE != 0,
            is_forward: flags & flag::FORWARD != 0,
            var_num,
            exists,
            ty: self.type_expr(depth)?,
        })
    }

    fn type_expr(&mut self, depth: u32) -> Result<TypeExpr, ReadError> {
        #[derive(Clone, Copy)]
        enum Form {
            Type,
            Variable,
            Array,
        }
        let offset = self.offset;
        if depth > MAX_DEPTH {
            return Err(error(offset, ReadErrorKind::TooDeep));
        }
        let form = self.magic(
            "a type expression",
            &[
                (magic::TYPE_EXPR, Form::Type),
                (magic::TYPE_VAR, Form::Variable),
                (magic::ARRAY, Form::Array),
            ],
        )?;
        Ok(match form {
            Form::Type => {
                let name = self.word("a type's number")?;
                let flags = self.word("the flags of a type expression")?;
                let count = self.count("arguments", MIN_EXPR)?;
                TypeExpr::Type {
                    offset,
                    name,
                    is_bare: flags & flag::BARE != 0,
                    children: (0..count)
                        .map(|_| self.expr(depth + 1))
                        .collect::<Result<_, _>>()?,
                }
            }
            Form::Variable => {
                let number = self.word("the number of a variable")?;
                self.word("the flags of a variable")?;
                TypeExpr::Variable { offset, number }
            }
            Form::Array => TypeExpr::Array {
                multiplicity: self.nat_expr()?,
                args: self.args(depth + 1)?,
            },
        })
    }

    fn expr(&mut self, depth: u32) -> Result<Expr, ReadError> {
        let is_type = self.magic(
            "an argument",
            &[(magic::EXPR_TYPE, true), (magic::EXPR_NAT, false)],
        )?;
        Ok(if is_type {
            Expr::Type(self.type_expr(depth)?)
        } else {
            Expr::Nat(self.nat_expr()?)
        })
    }

    fn nat_expr(&mut self) -> Result<NatExpr, ReadError> {
        let offset = self.offset;
        let is_const = self.magic(
            "a natural number",
            &[
                (magic::NAT_CONST, true),
                (magic::NAT_CONST_AS_WRITTEN, true),
                (magic::NAT_VAR, false),
            ],
        )?;
        Ok(if is_const {
            NatExpr::Const(self.word("a constant")?)
        } else {
            NatExpr::Variable {
                offset,
                plus: self.word("what is added to a variable")?,
                number: self.word("the number of a variable")?,
            }
        })
    }
}

/// Whether a name can stand in the text as it is: parts of letters, digits and `_`, separated by
/// dots, each beginning with a letter or `_`.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.split('.').all(|part| {
            part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        })
}
