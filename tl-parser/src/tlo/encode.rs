//! The tree to bytes.

use super::tree::{Arg, Combinator, Expr, File, NatExpr, Type, TypeExpr, arg_flag as flag, magic};
use super::{Version, WriteError, WriteErrorKind};

/// The longest name that has a length of one byte; the official tool writes no other length.
pub(super) const MAX_NAME: usize = 253;

/// Writes a file.
pub(super) fn encode(file: &File) -> Result<Vec<u8>, WriteError> {
    let mut out = Encoder {
        bytes: Vec::with_capacity(file.constructors.len().saturating_mul(128)),
        version: file.version,
    };
    out.word(file.version.magic());
    // `version` and `date`: the official tool writes 0 for both, so that equal schemas give equal
    // files.
    out.word(0);
    out.word(0);
    out.count(file.types.len(), "types")?;
    for ty in &file.types {
        out.ty(ty)?;
    }
    for combinators in [&file.constructors, &file.functions] {
        out.count(combinators.len(), "combinators")?;
        for combinator in combinators {
            out.combinator(combinator)?;
        }
    }
    Ok(out.bytes)
}

struct Encoder {
    bytes: Vec<u8>,
    version: Version,
}

impl Encoder {
    fn word(&mut self, word: u32) {
        self.bytes.extend_from_slice(&word.to_le_bytes());
    }

    fn count(&mut self, count: usize, of: &'static str) -> Result<(), WriteError> {
        let count = u32::try_from(count)
            .map_err(|_| WriteError::of_schema(WriteErrorKind::TooMany { of }))?;
        self.word(count);
        Ok(())
    }

    fn name(&mut self, name: &str) -> Result<(), WriteError> {
        let len = match u8::try_from(name.len()) {
            Ok(len) if name.len() <= MAX_NAME => len,
            _ => {
                let len = name.len();
                return Err(WriteError::new(name, WriteErrorKind::NameTooLong { len }));
            }
        };
        self.bytes.push(len);
        self.bytes.extend_from_slice(name.as_bytes());
        while !self.bytes.len().is_multiple_of(4) {
            self.bytes.push(0);
        }
        Ok(())
    }

    fn ty(&mut self, ty: &Type) -> Result<(), WriteError> {
        self.word(magic::TYPE);
        self.word(ty.name);
        self.name(&ty.id)?;
        self.word(ty.constructors_num);
        self.word(ty.flags);
        self.word(ty.arity);
        self.bytes.extend_from_slice(&ty.params_type.to_le_bytes());
        Ok(())
    }

    fn combinator(&mut self, combinator: &Combinator) -> Result<(), WriteError> {
        self.word(match self.version {
            Version::V2 | Version::V3 => magic::COMBINATOR,
            Version::V4 => magic::COMBINATOR_V4,
        });
        self.word(combinator.name);
        self.name(&combinator.id)?;
        self.word(combinator.type_name);
        match &combinator.left {
            None => self.word(magic::LEFT_BUILTIN),
            Some(args) => {
                self.word(magic::LEFT);
                self.args(args)?;
            }
        }
        self.word(magic::RIGHT);
        self.type_expr(&combinator.right)?;
        if self.version == Version::V4 {
            self.word(combinator.flags);
        }
        Ok(())
    }

    fn args(&mut self, args: &[Arg]) -> Result<(), WriteError> {
        self.count(args.len(), "parameters")?;
        for arg in args {
            let bits = self.version.arg_bits();
            self.word(magic::ARG);
            self.name(&arg.id)?;
            let mut flags = 0;
            if arg.is_variable {
                flags |= flag::VARIABLE | flag::BARE;
            }
            if arg.is_forward {
                flags |= flag::FORWARD;
            }
            if arg.var_num.is_some() {
                flags |= bits.var_num;
            }
            if arg.exists.is_some() {
                flags |= bits.exists;
            }
            self.word(flags);
            if let Some(number) = arg.var_num {
                self.word(number);
            }
            if let Some(exists) = arg.exists {
                self.word(exists.var_num);
                self.word(exists.bit);
            }
            self.type_expr(&arg.ty)?;
        }
        Ok(())
    }

    fn type_expr(&mut self, expr: &TypeExpr) -> Result<(), WriteError> {
        match expr {
            TypeExpr::Type {
                name,
                is_bare,
                children,
                ..
            } => {
                self.word(magic::TYPE_EXPR);
                self.word(*name);
                self.word(u32::from(*is_bare));
                self.count(children.len(), "arguments")?;
                for child in children {
                    match child {
                        Expr::Type(ty) => {
                            self.word(magic::EXPR_TYPE);
                            self.type_expr(ty)?;
                        }
                        Expr::Nat(nat) => {
                            self.word(magic::EXPR_NAT);
                            self.nat_expr(*nat);
                        }
                    }
                }
            }
            TypeExpr::Variable { number, .. } => {
                self.word(magic::TYPE_VAR);
                self.word(*number);
                self.word(0);
            }
            TypeExpr::Array { multiplicity, args } => {
                self.word(magic::ARRAY);
                self.nat_expr(*multiplicity);
                self.args(args)?;
            }
        }
        Ok(())
    }

    fn nat_expr(&mut self, nat: NatExpr) {
        match nat {
            NatExpr::Const(value) => {
                self.word(magic::NAT_CONST_AS_WRITTEN);
                self.word(value);
            }
            NatExpr::Variable { plus, number, .. } => {
                self.word(magic::NAT_VAR);
                self.word(plus);
                self.word(number);
            }
        }
    }
}
