// @generated from grammar.pest by `cargo xtask codegen`; do not edit.

pub(super) struct Grammar;

/**One item of a TL file: what stands before a semicolon.

The scanner has cut the text into items and the items into tokens, and limited how deep brackets
nest. This grammar reads the *shape* of an item, in which each token is one character:

```text
n  name             a  the same before a `<`         c  before a `*`
l  name:            f  flags.3? or flags?            i  #id, behind a name
#  nat              0  number                        @  @annotation
=  = or =>          ;  the end, written or not       ? < > ( ) { } [ ] , * + % ! themselves
```

and these, which the grammar accepts nowhere: `b` is the `flags.3` of a condition that is none,
`d` a name with dots before a `:`, `:` one that follows no name, `$` what is no token at all.

So `user#d23c81a3 flags:# photo:flags.5?UserPhoto ids:Vector<int> = User;` is
`nil#lfnla<n>=n;`.

It is made for speed. Every alternative is decided by its first tokens, so nothing is read
twice. The rules make no pairs: the tree is built from the tokens, whose order is right once
the grammar accepts it. What must follow at a place, and does not, is a `want_…`: a rule that
matches nothing, tried last, so that pest says exactly where the item goes wrong and what was
wanted there, at no cost to items that are right.*/
#[allow(dead_code, non_camel_case_types, clippy::upper_case_acronyms)]
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Rule {
    r#declaration,
    r#result,
    r#partial,
    r#finalisation,
    ///`{X:Type}`, `{n m:#}`
    r#variables,
    /**`id:long`, `photo:flags.5?UserPhoto`, `int`. A group `(x y:int)` begins like a type in
parentheses and is one of these. What is common stands first, in one piece: pest compares a
piece faster than it does anything else.*/
    r#parameter,
    ///What stands behind the colon.
    r#conditional,
    ///A type, or a natural number.
    r#term,
    r#arguments,
    r#repeated,
    r#parameters,
    r#parenthesised,
    ///`Vector int`, `n + 1`
    r#application,
    r#end,
    r#want_declaration,
    r#want_parameter,
    r#want_arrow,
    r#want_type,
    r#want_type_name,
    r#want_label,
    r#want_bracket,
    r#want_close_bracket,
    r#want_close_paren,
    r#want_close_brace,
    r#want_close_angle,
    r#want_end,
    ///No shape has a capital letter.
    r#never,
}
impl Rule {
    pub fn all_rules() -> &'static [Rule] {
        &[
            Rule::r#declaration,
            Rule::r#result,
            Rule::r#partial,
            Rule::r#finalisation,
            Rule::r#variables,
            Rule::r#parameter,
            Rule::r#conditional,
            Rule::r#term,
            Rule::r#arguments,
            Rule::r#repeated,
            Rule::r#parameters,
            Rule::r#parenthesised,
            Rule::r#application,
            Rule::r#end,
            Rule::r#want_declaration,
            Rule::r#want_parameter,
            Rule::r#want_arrow,
            Rule::r#want_type,
            Rule::r#want_type_name,
            Rule::r#want_label,
            Rule::r#want_bracket,
            Rule::r#want_close_bracket,
            Rule::r#want_close_paren,
            Rule::r#want_close_brace,
            Rule::r#want_close_angle,
            Rule::r#want_end,
            Rule::r#never,
        ]
    }
}
#[allow(clippy::all)]
impl ::pest::Parser<Rule> for Grammar {
    fn parse<'i>(
        rule: Rule,
        input: &'i str,
    ) -> ::core::result::Result<
        ::pest::iterators::Pairs<'i, Rule>,
        ::pest::error::Error<Rule>,
    > {
        mod rules {
            #![allow(clippy::upper_case_acronyms)]
            pub mod hidden {
                use super::super::Rule;
                #[inline]
                #[allow(dead_code, non_snake_case, unused_variables)]
                pub fn skip(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    Ok(state)
                }
            }
            pub mod visible {
                use super::super::Rule;
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#declaration(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            state
                                .sequence(|state| {
                                    state
                                        .optional(|state| {
                                            state
                                                .match_string("@")
                                                .and_then(|state| {
                                                    state
                                                        .repeat(|state| {
                                                            state
                                                                .sequence(|state| {
                                                                    super::hidden::skip(state)
                                                                        .and_then(|state| { state.match_string("@") })
                                                                })
                                                        })
                                                })
                                        })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .match_string("n")
                                        .or_else(|state| { self::r#want_declaration(state) })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state.optional(|state| { state.match_string("i") })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .sequence(|state| {
                                            state
                                                .optional(|state| {
                                                    self::r#variables(state)
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            super::hidden::skip(state)
                                                                                .and_then(|state| { self::r#variables(state) })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .match_string("?")
                                        .or_else(|state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .optional(|state| {
                                                            self::r#parameter(state)
                                                                .and_then(|state| {
                                                                    state
                                                                        .repeat(|state| {
                                                                            state
                                                                                .sequence(|state| {
                                                                                    super::hidden::skip(state)
                                                                                        .and_then(|state| { self::r#parameter(state) })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .match_string("=n;")
                                        .or_else(|state| { self::r#result(state) })
                                })
                        })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#result(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            state
                                .match_string("=")
                                .or_else(|state| { self::r#want_arrow(state) })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    self::r#application(state)
                                        .or_else(|state| { self::r#want_type(state) })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| { self::r#end(state) })
                        })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#partial(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            self::r#application(state)
                                .or_else(|state| { self::r#want_declaration(state) })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| { self::r#end(state) })
                        })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#finalisation(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            state
                                .match_string("n")
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .match_string("n")
                                        .or_else(|state| { self::r#want_type_name(state) })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| { self::r#end(state) })
                        })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#variables(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            state
                                .match_string("{")
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .sequence(|state| {
                                            state
                                                .optional(|state| {
                                                    state
                                                        .match_string("n")
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            super::hidden::skip(state)
                                                                                .and_then(|state| { state.match_string("n") })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .match_string("l")
                                        .or_else(|state| { self::r#want_label(state) })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    self::r#term(state)
                                        .or_else(|state| { self::r#want_type(state) })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .match_string("}")
                                        .or_else(|state| { self::r#want_close_brace(state) })
                                })
                        })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#parameter(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    state
                        .match_string("lfn")
                        .or_else(|state| { state.match_string("ln") })
                        .or_else(|state| { state.match_string("l#") })
                        .or_else(|state| { state.match_string("la<n>") })
                        .or_else(|state| { state.match_string("lfa<n>") })
                        .or_else(|state| {
                            state
                                .sequence(|state| {
                                    state
                                        .match_string("l")
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| { self::r#conditional(state) })
                                })
                        })
                        .or_else(|state| { self::r#term(state) })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#conditional(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            state
                                .optional(|state| { state.match_string("f") })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    self::r#term(state)
                                        .or_else(|state| { self::r#want_type(state) })
                                })
                        })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#term(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    state
                        .match_string("n")
                        .or_else(|state| {
                            state
                                .sequence(|state| {
                                    state
                                        .match_string("a<")
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| { self::r#arguments(state) })
                                })
                        })
                        .or_else(|state| {
                            state
                                .sequence(|state| {
                                    state
                                        .match_string("c*")
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| { self::r#repeated(state) })
                                })
                        })
                        .or_else(|state| { state.match_string("#") })
                        .or_else(|state| {
                            state
                                .sequence(|state| {
                                    state
                                        .match_string("%")
                                        .or_else(|state| { state.match_string("!") })
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| {
                                            self::r#term(state)
                                                .or_else(|state| { self::r#want_type(state) })
                                        })
                                })
                        })
                        .or_else(|state| {
                            state
                                .sequence(|state| {
                                    state
                                        .match_string("[")
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| { self::r#parameters(state) })
                                })
                        })
                        .or_else(|state| {
                            state
                                .sequence(|state| {
                                    state
                                        .match_string("0")
                                        .or_else(|state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .match_string("(")
                                                        .and_then(|state| { super::hidden::skip(state) })
                                                        .and_then(|state| { self::r#parenthesised(state) })
                                                })
                                        })
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| {
                                            state
                                                .optional(|state| {
                                                    state
                                                        .sequence(|state| {
                                                            state
                                                                .match_string("*")
                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                .and_then(|state| { self::r#repeated(state) })
                                                        })
                                                })
                                        })
                                })
                        })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#arguments(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            self::r#application(state)
                                .or_else(|state| { self::r#want_type(state) })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .sequence(|state| {
                                            state
                                                .optional(|state| {
                                                    state
                                                        .sequence(|state| {
                                                            state
                                                                .match_string(",")
                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                .and_then(|state| {
                                                                    self::r#application(state)
                                                                        .or_else(|state| { self::r#want_type(state) })
                                                                })
                                                        })
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            super::hidden::skip(state)
                                                                                .and_then(|state| {
                                                                                    state
                                                                                        .sequence(|state| {
                                                                                            state
                                                                                                .match_string(",")
                                                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                                                .and_then(|state| {
                                                                                                    self::r#application(state)
                                                                                                        .or_else(|state| { self::r#want_type(state) })
                                                                                                })
                                                                                        })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .match_string(">")
                                        .or_else(|state| { self::r#want_close_angle(state) })
                                })
                        })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#repeated(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            state
                                .match_string("[")
                                .or_else(|state| { self::r#want_bracket(state) })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| { self::r#parameters(state) })
                        })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#parameters(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            self::r#parameter(state)
                                .or_else(|state| { self::r#want_parameter(state) })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .sequence(|state| {
                                            state
                                                .optional(|state| {
                                                    self::r#parameter(state)
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            super::hidden::skip(state)
                                                                                .and_then(|state| { self::r#parameter(state) })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .match_string("]")
                                        .or_else(|state| { self::r#want_close_bracket(state) })
                                })
                        })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#parenthesised(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            state
                                .sequence(|state| {
                                    state
                                        .match_string("l")
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| { self::r#conditional(state) })
                                })
                                .or_else(|state| {
                                    state
                                        .sequence(|state| {
                                            self::r#application(state)
                                                .or_else(|state| { self::r#want_type(state) })
                                                .and_then(|state| { super::hidden::skip(state) })
                                                .and_then(|state| {
                                                    state
                                                        .optional(|state| {
                                                            state
                                                                .sequence(|state| {
                                                                    state
                                                                        .match_string("l")
                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                        .and_then(|state| { self::r#conditional(state) })
                                                                })
                                                        })
                                                })
                                        })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .match_string(")")
                                        .or_else(|state| { self::r#want_close_paren(state) })
                                })
                        })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#application(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .sequence(|state| {
                            state
                                .sequence(|state| {
                                    self::r#term(state)
                                        .and_then(|state| { super::hidden::skip(state) })
                                        .and_then(|state| {
                                            state
                                                .sequence(|state| {
                                                    state
                                                        .optional(|state| {
                                                            state
                                                                .sequence(|state| {
                                                                    state
                                                                        .match_string("+")
                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                        .and_then(|state| {
                                                                            self::r#term(state)
                                                                                .or_else(|state| { self::r#want_type(state) })
                                                                        })
                                                                })
                                                                .and_then(|state| {
                                                                    state
                                                                        .repeat(|state| {
                                                                            state
                                                                                .sequence(|state| {
                                                                                    super::hidden::skip(state)
                                                                                        .and_then(|state| {
                                                                                            state
                                                                                                .sequence(|state| {
                                                                                                    state
                                                                                                        .match_string("+")
                                                                                                        .and_then(|state| { super::hidden::skip(state) })
                                                                                                        .and_then(|state| {
                                                                                                            self::r#term(state)
                                                                                                                .or_else(|state| { self::r#want_type(state) })
                                                                                                        })
                                                                                                })
                                                                                        })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                                .and_then(|state| { super::hidden::skip(state) })
                                .and_then(|state| {
                                    state
                                        .sequence(|state| {
                                            state
                                                .optional(|state| {
                                                    state
                                                        .sequence(|state| {
                                                            self::r#term(state)
                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                .and_then(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            state
                                                                                .optional(|state| {
                                                                                    state
                                                                                        .sequence(|state| {
                                                                                            state
                                                                                                .match_string("+")
                                                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                                                .and_then(|state| {
                                                                                                    self::r#term(state)
                                                                                                        .or_else(|state| { self::r#want_type(state) })
                                                                                                })
                                                                                        })
                                                                                        .and_then(|state| {
                                                                                            state
                                                                                                .repeat(|state| {
                                                                                                    state
                                                                                                        .sequence(|state| {
                                                                                                            super::hidden::skip(state)
                                                                                                                .and_then(|state| {
                                                                                                                    state
                                                                                                                        .sequence(|state| {
                                                                                                                            state
                                                                                                                                .match_string("+")
                                                                                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                                                                                .and_then(|state| {
                                                                                                                                    self::r#term(state)
                                                                                                                                        .or_else(|state| { self::r#want_type(state) })
                                                                                                                                })
                                                                                                                        })
                                                                                                                })
                                                                                                        })
                                                                                                })
                                                                                        })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                        .and_then(|state| {
                                                            state
                                                                .repeat(|state| {
                                                                    state
                                                                        .sequence(|state| {
                                                                            super::hidden::skip(state)
                                                                                .and_then(|state| {
                                                                                    state
                                                                                        .sequence(|state| {
                                                                                            self::r#term(state)
                                                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                                                .and_then(|state| {
                                                                                                    state
                                                                                                        .sequence(|state| {
                                                                                                            state
                                                                                                                .optional(|state| {
                                                                                                                    state
                                                                                                                        .sequence(|state| {
                                                                                                                            state
                                                                                                                                .match_string("+")
                                                                                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                                                                                .and_then(|state| {
                                                                                                                                    self::r#term(state)
                                                                                                                                        .or_else(|state| { self::r#want_type(state) })
                                                                                                                                })
                                                                                                                        })
                                                                                                                        .and_then(|state| {
                                                                                                                            state
                                                                                                                                .repeat(|state| {
                                                                                                                                    state
                                                                                                                                        .sequence(|state| {
                                                                                                                                            super::hidden::skip(state)
                                                                                                                                                .and_then(|state| {
                                                                                                                                                    state
                                                                                                                                                        .sequence(|state| {
                                                                                                                                                            state
                                                                                                                                                                .match_string("+")
                                                                                                                                                                .and_then(|state| { super::hidden::skip(state) })
                                                                                                                                                                .and_then(|state| {
                                                                                                                                                                    self::r#term(state)
                                                                                                                                                                        .or_else(|state| { self::r#want_type(state) })
                                                                                                                                                                })
                                                                                                                                                        })
                                                                                                                                                })
                                                                                                                                        })
                                                                                                                                })
                                                                                                                        })
                                                                                                                })
                                                                                                        })
                                                                                                })
                                                                                        })
                                                                                })
                                                                        })
                                                                })
                                                        })
                                                })
                                        })
                                })
                        })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#end(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    let state = state.check_stack_limit()?;
                    state.match_string(";").or_else(|state| { self::r#want_end(state) })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#want_declaration(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(Rule::r#want_declaration, |state| { self::r#never(state) })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#want_parameter(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#want_parameter, |state| { self::r#never(state) })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#want_arrow(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#want_arrow, |state| { self::r#never(state) })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#want_type(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#want_type, |state| { self::r#never(state) })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#want_type_name(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#want_type_name, |state| { self::r#never(state) })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#want_label(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#want_label, |state| { self::r#never(state) })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#want_bracket(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#want_bracket, |state| { self::r#never(state) })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#want_close_bracket(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(
                            Rule::r#want_close_bracket,
                            |state| { self::r#never(state) },
                        )
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#want_close_paren(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(Rule::r#want_close_paren, |state| { self::r#never(state) })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#want_close_brace(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(Rule::r#want_close_brace, |state| { self::r#never(state) })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#want_close_angle(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state
                        .rule(Rule::r#want_close_angle, |state| { self::r#never(state) })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#want_end(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.rule(Rule::r#want_end, |state| { self::r#never(state) })
                }
                #[inline]
                #[allow(non_snake_case, unused_variables)]
                pub fn r#never(
                    state: ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                ) -> ::pest::ParseResult<
                    ::std::boxed::Box<::pest::ParserState<'_, Rule>>,
                > {
                    state.match_string("N")
                }
            }
            pub use self::visible::*;
        }
        ::pest::state(
            input,
            |state| {
                match rule {
                    Rule::r#declaration => rules::r#declaration(state),
                    Rule::r#result => rules::r#result(state),
                    Rule::r#partial => rules::r#partial(state),
                    Rule::r#finalisation => rules::r#finalisation(state),
                    Rule::r#variables => rules::r#variables(state),
                    Rule::r#parameter => rules::r#parameter(state),
                    Rule::r#conditional => rules::r#conditional(state),
                    Rule::r#term => rules::r#term(state),
                    Rule::r#arguments => rules::r#arguments(state),
                    Rule::r#repeated => rules::r#repeated(state),
                    Rule::r#parameters => rules::r#parameters(state),
                    Rule::r#parenthesised => rules::r#parenthesised(state),
                    Rule::r#application => rules::r#application(state),
                    Rule::r#end => rules::r#end(state),
                    Rule::r#want_declaration => rules::r#want_declaration(state),
                    Rule::r#want_parameter => rules::r#want_parameter(state),
                    Rule::r#want_arrow => rules::r#want_arrow(state),
                    Rule::r#want_type => rules::r#want_type(state),
                    Rule::r#want_type_name => rules::r#want_type_name(state),
                    Rule::r#want_label => rules::r#want_label(state),
                    Rule::r#want_bracket => rules::r#want_bracket(state),
                    Rule::r#want_close_bracket => rules::r#want_close_bracket(state),
                    Rule::r#want_close_paren => rules::r#want_close_paren(state),
                    Rule::r#want_close_brace => rules::r#want_close_brace(state),
                    Rule::r#want_close_angle => rules::r#want_close_angle(state),
                    Rule::r#want_end => rules::r#want_end(state),
                    Rule::r#never => rules::r#never(state),
                }
            },
        )
    }
}
