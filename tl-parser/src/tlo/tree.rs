//! The tree of a `.tlo`, as it is on disk: numbers for types and variables, flags as bits.

use super::Version;

/// A whole file.
#[derive(Debug)]
pub(super) struct File {
    pub(super) version: Version,
    pub(super) types: Vec<Type>,
    pub(super) constructors: Vec<Combinator>,
    pub(super) functions: Vec<Combinator>,
}

/// `tls.type`
#[derive(Debug)]
pub(super) struct Type {
    /// The number that type expressions name it by.
    pub(super) name: u32,
    pub(super) id: String,
    pub(super) constructors_num: u32,
    pub(super) flags: u32,
    pub(super) arity: u32,
    /// Bit i: parameter i is a `#`.
    pub(super) params_type: u64,
}

impl Type {
    /// A constructor of it is used as a bare type, or the type is declared `Final` or `Empty`.
    pub(super) const BARE: u32 = 1;
    /// It is used with a `%`.
    pub(super) const PERCENT: u32 = 1 << 3;
    /// It has constructors whose results can be the same type. That is so as soon as there are two,
    /// since all that their results can differ in are the names of variables.
    pub(super) const OVERLAPPING: u32 = 1 << 4;
    /// It is declared `Empty`.
    pub(super) const EMPTY: u32 = 1 << 10;
    /// It has a default constructor.
    pub(super) const DEFAULT_CONSTRUCTOR: u32 = 1 << 25;
}

/// `tls.combinator`
#[derive(Debug)]
pub(super) struct Combinator {
    /// The constructor id.
    pub(super) name: u32,
    pub(super) id: String,
    /// Of the result; 0 if that is a variable.
    pub(super) type_name: u32,
    /// `None` for a built-in.
    pub(super) left: Option<Vec<Arg>>,
    pub(super) right: TypeExpr,
    /// Annotations; only version 4 has them.
    pub(super) flags: u32,
}

/// `tls.arg`
#[derive(Debug)]
pub(super) struct Arg {
    pub(super) offset: usize,
    /// Empty if it has none.
    pub(super) id: String,
    /// `{t:Type}`
    pub(super) is_variable: bool,
    /// `!X`
    pub(super) is_forward: bool,
    /// Its number, if others can refer to it.
    pub(super) var_num: Option<u32>,
    /// `flags.3?`
    pub(super) exists: Option<Exists>,
    pub(super) ty: TypeExpr,
}

/// When an [`Arg`] is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exists {
    pub(super) var_num: u32,
    pub(super) bit: u32,
}

/// `tls.TypeExpr`
#[derive(Debug)]
pub(super) enum TypeExpr {
    Type {
        offset: usize,
        name: u32,
        is_bare: bool,
        children: Vec<Expr>,
    },
    Variable {
        offset: usize,
        number: u32,
    },
    Array {
        multiplicity: NatExpr,
        args: Vec<Arg>,
    },
}

/// `tls.Expr`
#[derive(Debug)]
pub(super) enum Expr {
    Type(TypeExpr),
    Nat(NatExpr),
}

/// `tls.NatExpr`
#[derive(Clone, Copy, Debug)]
pub(super) enum NatExpr {
    Const(u32),
    Variable {
        offset: usize,
        plus: u32,
        number: u32,
    },
}

/// The constructor ids of all this.
pub(super) mod magic {
    pub(in super::super) const SCHEMA_V2: u32 = 0x3a2f_9be2;
    pub(in super::super) const SCHEMA_V3: u32 = 0xe4a8_604b;
    pub(in super::super) const SCHEMA_V4: u32 = 0x90ac_88d7;
    pub(in super::super) const TYPE: u32 = 0x12eb_4386;
    pub(in super::super) const COMBINATOR: u32 = 0x5c0a_1ed5;
    pub(in super::super) const COMBINATOR_V4: u32 = 0xe916_92d5;
    pub(in super::super) const LEFT_BUILTIN: u32 = 0xcd21_1f63;
    pub(in super::super) const LEFT: u32 = 0x4c12_c6d9;
    pub(in super::super) const RIGHT: u32 = 0x2c06_4372;
    pub(in super::super) const ARG: u32 = 0x29df_e61b;
    pub(in super::super) const EXPR_TYPE: u32 = 0xecc9_da78;
    pub(in super::super) const EXPR_NAT: u32 = 0xdcb4_9bd8;
    pub(in super::super) const NAT_CONST: u32 = 0x8ce9_40b1;
    /// What the official tool writes instead of [`NAT_CONST`]: the number of [`EXPR_NAT`], by a
    /// slip that every reader has learnt to live with.
    pub(in super::super) const NAT_CONST_AS_WRITTEN: u32 = EXPR_NAT;
    pub(in super::super) const NAT_VAR: u32 = 0x4e8a_14f0;
    pub(in super::super) const TYPE_VAR: u32 = 0x0142_ceae;
    pub(in super::super) const ARRAY: u32 = 0xd9fb_20de;
    pub(in super::super) const TYPE_EXPR: u32 = 0xc186_3d08;
}

/// Names of the two types that no combinator makes: CRC-32 of `#` and of `Type`.
pub(super) const NAT_TYPE: u32 = 0x7065_9eff;
pub(super) const TYPE_TYPE: u32 = 0x2cec_f817;

/// Bits of an argument's flags that are the same in all versions.
pub(super) mod arg_flag {
    pub(in super::super) const BARE: u32 = 1;
    pub(in super::super) const VARIABLE: u32 = 1 << 17;
    pub(in super::super) const FORWARD: u32 = 1 << 18;
}

/// The two bits of an argument's flags that changed places.
pub(super) struct ArgBits {
    /// It is there under a condition.
    pub(super) exists: u32,
    /// It has a number.
    pub(super) var_num: u32,
}

impl Version {
    /// The description in `tls.tl` has had them as in version 3 all along, but the files of
    /// version 2 have them the other way round.
    pub(super) const fn arg_bits(self) -> ArgBits {
        match self {
            Self::V2 => ArgBits {
                exists: 2,
                var_num: 4,
            },
            Self::V3 | Self::V4 => ArgBits {
                exists: 4,
                var_num: 2,
            },
        }
    }

    pub(super) const fn magic(self) -> u32 {
        match self {
            Self::V2 => magic::SCHEMA_V2,
            Self::V3 => magic::SCHEMA_V3,
            Self::V4 => magic::SCHEMA_V4,
        }
    }
}
