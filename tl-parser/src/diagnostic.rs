//! Faults of a schema, said to its author.
//!
//! A diagnostic is plain data: a code, a sentence in the field's words, one or more labelled
//! places and, where there is one, a hint that says what to write. `render` makes text of it.

use crate::source::Location;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The schema means something, though perhaps not what was meant.
    Warning,
    /// The schema, or this part of it, means nothing.
    Error,
}

impl Severity {
    /// `warning` or `error`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place with a few words on why it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub location: Location,
    /// The words; may be empty.
    pub text: String,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of fault; severity and explanation hang on it.
    pub code: Code,
    /// One sentence without a full stop.
    pub message: String,
    /// Where: the first label is the fault itself, further ones explain it ("first defined here").
    pub labels: Vec<Label>,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A fault at a place.
    pub fn new(code: Code, message: impl Into<String>, location: Location) -> Self {
        let label = Label {
            location,
            text: String::new(),
        };
        Self {
            code,
            message: message.into(),
            labels: vec![label],
            hint: None,
        }
    }

    /// Words under the fault itself.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        if let Some(first) = self.labels.first_mut() {
            first.text = text.into();
        }
        self
    }

    /// A further place.
    #[must_use]
    pub fn also(mut self, location: Location, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            location,
            text: text.into(),
        });
        self
    }

    /// What to write instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// A name for use in a sentence: a very long one is cut.
pub(crate) fn clip(name: &str) -> std::borrow::Cow<'_, str> {
    const LONGEST: usize = 100;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $severity:ident;)+) => {
        /// The kinds of faults. The number never changes its meaning; new kinds get new numbers.
        /// Letters: `S` syntax, `R` resolution, `I` ids.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// All kinds, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The number as users see it: `S001`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// Whether faults of this kind are errors.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)+ }
            }

            /// What the kind means, in a sentence or two.
            #[must_use]
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc, "\n"),+).trim_ascii(),)+ }
            }
        }
    };
}

codes! {
    /// The file is not UTF-8 at this place.
    InvalidUtf8 = "S001", Error;
    /// Something else was expected here.
    Syntax = "S002", Error;
    /// A `/*` without its `*/`.
    UnterminatedComment = "S003", Error;
    /// A declaration that the file ends before its `;`, or that swallows the next one.
    MissingSemicolon = "S004", Error;
    /// Brackets nested deeper than the compiler reads.
    TooDeep = "S005", Error;
    /// A constructor id that is not 1 to 8 hexadecimal digits.
    BadId = "S006", Error;
    /// A number that does not fit into 32 bits.
    NumberTooGreat = "S007", Error;
    /// A condition without a bit.
    ConditionWithoutBit = "S008", Error;
    /// More faults than are worth reading; the rest is not shown.
    TooManyFaults = "S009", Error;

    /// A type or constructor that nothing declares.
    UnknownName = "R001", Error;
    /// A combinator declared twice.
    DuplicateName = "R002", Error;
    /// Two combinators with one id.
    DuplicateId = "R003", Error;
    /// A flag bit above 31.
    BitOutOfRange = "R004", Error;
    /// A condition or repetition that names a field or variable which is not there.
    UnknownVariable = "R005", Error;
    /// A condition or repetition that names a `#` which comes later.
    UsedBeforeDeclared = "R006", Error;
    /// A condition or repetition over something that is not a `#`.
    NotANat = "R007", Error;
    /// Too many or too few arguments for a type.
    WrongArity = "R008", Error;
    /// A natural number where a type is wanted, or a type where a number is.
    WrongKind = "R009", Error;
    /// `%` on a type that has several constructors, or none.
    BareOfMany = "R010", Error;
    /// A bare value that contains itself always, and so has no end.
    InfiniteSize = "R011", Error;
    /// A variable that is used nowhere.
    UnusedVariable = "R012", Warning;
    /// A field that hides a variable, or a field outside of its repetition, of the same name.
    Shadowed = "R013", Warning;
    /// A constructor for a type that was closed before.
    ConstructorAfterFinal = "R014", Error;
    /// A variable that neither the result nor a `!` parameter determines.
    UndeterminedVariable = "R015", Error;
    /// A repetition `[ … ]` without a count and without a `#` before it.
    NoCount = "R016", Error;
    /// A result that cannot be one: a constructor must result in a type of its own.
    BadResult = "R017", Error;
    /// A type whose name begins with a small letter, or a constructor's with a capital.
    UnusualCase = "R018", Warning;
    /// `!` outside of a function's parameter.
    BadForward = "R019", Error;
    /// A default constructor that is not the last of its type, or is used bare.
    BadDefault = "R020", Error;
    /// An annotation that is not known.
    UnknownAnnotation = "R021", Warning;
    /// A built-in that is not known.
    UnknownBuiltin = "R022", Error;
    /// Functions are not values: a function's name where a type is wanted.
    FunctionAsType = "R023", Error;
    /// Types that are nested in each other without end through their arguments.
    EndlessExpansion = "R024", Error;
    /// Two fields or two variables of one name.
    DuplicateField = "R025", Error;
    /// A declaration that stands twice in one file, word for word.
    RepeatedDeclaration = "R026", Warning;
    /// A sum of several variables; one variable and numbers can be added.
    SumOfVariables = "R027", Error;
    /// `New` or `Empty` for a type that has constructors.
    NotNew = "R028", Error;
    /// A type no value of which comes to an end: each of its constructors contains it again.
    EndlessType = "R029", Warning;
    /// Groups of parameters that expand to far more than is written.
    TooGreat = "R030", Error;

    /// A repetition of nothing: `4*[ ]`.
    EmptyRepeat = "R031", Error;
    /// More warnings than are worth reading; the rest is not shown.
    TooManyWarnings = "R032", Warning;
    /// A type that a function results in and no constructor makes.
    UndeclaredResult = "R033", Warning;

    /// A written id that is not the computed one.
    IdMismatch = "I001", Warning;
    /// A written id that follows the other of the two rules.
    IdOtherRule = "I002", Warning;
}
