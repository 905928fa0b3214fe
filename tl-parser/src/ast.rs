//! What was written: the tree of one file, faithful to its text.
//!
//! Nodes hold [`Span`]s, not strings: names are slices of the source. Together with the source the
//! tree is lossless: every byte of the file belongs to an item, to a comment (kept in one list,
//! [`Ast::comments`], whether it stands between or inside declarations) or to the white space
//! between them.

use crate::source::{FileId, Span};

/// The tree of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ast {
    /// The file.
    pub file: FileId,
    /// Declarations, section marks and unreadable stretches, in the order of the text.
    pub items: Vec<Item>,
    /// All comments, in the order of the text.
    pub comments: Vec<Comment>,
    /// The number of a `// LAYER 230` comment, if the file has one (the first counts).
    pub layer: Option<u32>,
}

/// One thing at the top level of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item {
    /// `user#d23c81a3 id:int name:string = User;` or `int ? = Int;`
    Declaration(Box<Declaration>),
    /// `Tuple int 10;`
    PartialApplication(PartialApplication),
    /// `New T;`, `Final T;`, `Empty T;`
    Finalisation(Finalisation),
    /// `---types---` or `---functions---`
    Section(Section),
    /// `===17===`
    LayerSection(LayerSection),
    /// Text that could not be read; a diagnostic says why.
    Broken(Span),
}

impl Item {
    /// The bytes of the item, from its first annotation or name to its `;` or last `-` or `=`.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Declaration(declaration) => declaration.span,
            Self::PartialApplication(application) => application.span,
            Self::Finalisation(finalisation) => finalisation.span,
            Self::Section(section) => section.span,
            Self::LayerSection(section) => section.span,
            Self::Broken(span) => *span,
        }
    }
}

/// A comment, its marks included; a line comment ends before the line break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The bytes of it.
    pub span: Span,
    /// How it is written.
    pub kind: CommentKind,
}

/// How a comment is written, and whether it documents something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommentKind {
    /// `// …`
    Line,
    /// `/* … */`
    Block,
    /// `//@name …`: documentation in TDLib's manner.
    DocTag,
    /// `//- …`: continues the `//@` line before.
    DocContinuation,
    /// `/** … */`
    DocBlock,
}

impl CommentKind {
    /// Whether the comment documents the declaration below it.
    #[must_use]
    pub const fn is_doc(self) -> bool {
        matches!(self, Self::DocTag | Self::DocContinuation | Self::DocBlock)
    }
}

/// The name of a constructor, function or type, with its namespaces: `tonNode.blockId`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The whole name, dots included.
    pub span: Span,
}

/// The name of a parameter or variable, without dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ident {
    /// The bytes of it.
    pub span: Span,
}

/// The declaration of a constructor or of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// From the first annotation or the name to the `;`, that included.
    pub span: Span,
    /// Which of [`Ast::comments`] document it: the doc comments that stand directly above.
    pub docs: std::ops::Range<u32>,
    /// `@read`, `@any` (VK); the spans include the `@`.
    pub annotations: Vec<Ident>,
    /// `inputPeerUser`; the name `_` makes a default constructor.
    pub name: Name,
    /// `#dde8a54c`
    pub id: Option<ExplicitId>,
    /// `{X:Type} {n m:#}`
    pub variables: Vec<VariableGroup>,
    /// What stands between the variables and the `=`.
    pub body: Body,
    /// `=` or `=>`
    pub arrow: Arrow,
    /// The span of the `=` or `=>`.
    pub arrow_span: Span,
    /// What follows: an application may be written without parentheses here.
    pub result: Expr,
}

/// A constructor id as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExplicitId {
    /// `#` and 1 to 8 hexadecimal digits.
    pub span: Span,
    /// Its value.
    pub value: u32,
}

/// `=` or `=>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrow {
    /// `=`
    Equals,
    /// `=>` marks a function wherever it stands (VK).
    Function,
}

/// The parameters of a combinator, or the mark of a built-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// `?`, with its span: the values are not described by the schema.
    Builtin(Span),
    /// The parameters, in order.
    Parameters(Vec<Parameter>),
}

impl Body {
    /// The parameters; none for a built-in.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        match self {
            Self::Builtin(_) => &[],
            Self::Parameters(parameters) => parameters,
        }
    }
}

/// `{X Y:Type}`: implicit parameters, which the result type or a `!X` determines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableGroup {
    /// With the braces.
    pub span: Span,
    /// At least one name.
    pub names: Vec<Ident>,
    /// `Type` or `#`; anything else is a fault that resolution reports.
    pub kind: Expr,
}

/// One parameter, or a group of parameters of one type: `id:long`, `int`, `(x y:int)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// From the name or the `(` to the end of the type.
    pub span: Span,
    /// The name, which may be `_`; `None` for an anonymous parameter.
    pub name: Option<Ident>,
    /// The further names of a group.
    pub more_names: Vec<Ident>,
    /// Whether the parameter is written in parentheses: `(x y:int)`.
    pub grouped: bool,
    /// `flags.3?`
    pub condition: Option<Condition>,
    /// The type.
    pub ty: Expr,
}

/// `flags.3?`: the parameter is there only if the bit is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// With the `?`.
    pub span: Span,
    /// The name of the flags field or nat variable.
    pub mask: Ident,
    /// The bit, with its span; `None` for the form `mask?T` of the language's description, which
    /// no known tool accepts.
    pub bit: Option<(Span, u32)>,
}

/// A type or a natural number; which of the two, resolution finds out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    /// The bytes of it.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// The forms of an [`Expr`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExprKind {
    /// `int`, `InputPeer`, `X`, `n`, `Type`
    Name(Name),
    /// `#`
    Nat,
    /// `32`; a number too great for 32 bits is a fault that the parser reports.
    Number(u32),
    /// `Vector<int>` (angle brackets)
    Angle(Name, Vec<Expr>),
    /// `Vector int` (juxtaposition: in parentheses, or as a result); at least two expressions.
    Spaced(Vec<Expr>),
    /// `(…)`
    Paren(Box<Expr>),
    /// `%T`
    Bare(Box<Expr>),
    /// `!X`
    Forward(Box<Expr>),
    /// `n + 1`; at least two expressions.
    Sum(Vec<Expr>),
    /// `n*[ k:int v:string ]`, `[ t ]`
    Repeat(Box<Repeat>),
}

/// A repetition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// How often; `None` means the value of the `#` before.
    pub count: Option<Expr>,
    /// What is repeated; empty only in a broken schema.
    pub parameters: Vec<Parameter>,
}

/// `Tuple int 10;`: a constructor of a type, specialised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialApplication {
    /// With the `;`.
    pub span: Span,
    /// The application.
    pub expr: Expr,
}

/// `New T;`, `Final T;` or `Empty T;`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finalisation {
    /// With the `;`.
    pub span: Span,
    /// Which of the three.
    pub kind: FinalisationKind,
    /// The type.
    pub ty: Name,
}

/// What a [`Finalisation`] says of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinalisationKind {
    /// There is no constructor yet: the type is new.
    New,
    /// There will be no further constructor.
    Final,
    /// There is no constructor and will be none.
    Empty,
}

/// `---types---` or `---functions---`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// With the dashes.
    pub span: Span,
    /// Which of the two begins.
    pub kind: SectionKind,
}

/// What a section declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionKind {
    /// Constructors.
    Types,
    /// Functions.
    Functions,
}

/// `===17===`: what follows came with that layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerSection {
    /// With the equals signs.
    pub span: Span,
    /// The layer.
    pub layer: u32,
}
