//! Types as Rust writes them.

use crate::model::{FieldKind, Generics, Item, Module, Named, Scalar, Type};

use super::Style;

impl Style {
    /// The type as a field has it.
    pub(super) fn type_text(&self, ty: &Type) -> String {
        let mut text = String::with_capacity(32);
        self.push_type(&mut text, ty, false);
        text
    }

    /// The type of what is read where nothing but the type says how.
    pub(super) fn type_text_alone(&self, ty: &Type) -> String {
        let mut text = String::new();
        self.push_type(&mut text, ty, true);
        text
    }

    fn push_type(&self, text: &mut String, ty: &Type, alone: bool) {
        match ty {
            Type::Scalar(scalar) => text.push_str(self.scalar(*scalar)),
            Type::Named(named) => self.push_named(text, named),
            Type::Variable(name) => text.push_str(name),
            Type::OutputOf(name) => {
                text.push_str(name);
                text.push_str(if self.borrowed {
                    "::Output<'a>"
                } else {
                    "::Output"
                });
            }
            Type::Vector { element, .. } | Type::Repeat { element, .. } => {
                text.push_str(if self.borrowed { "&'a [" } else { "Vec<" });
                self.push_type(text, element, alone);
                text.push_str(if self.borrowed { "]" } else { ">" });
            }
            Type::Array { element, len } => {
                text.push('[');
                self.push_type(text, element, alone);
                text.push_str("; ");
                text.push_str(&len.to_string());
                text.push(']');
            }
            Type::Indirect(inner) => {
                text.push_str(if self.borrowed { "&'a " } else { "Box<" });
                self.push_type(text, inner, alone);
                text.push_str(if self.borrowed { "" } else { ">" });
            }
            Type::WithId(inner) if alone => {
                text.push_str("tl::Boxed<");
                self.push_type(text, inner, alone);
                text.push('>');
            }
            Type::WithId(inner) => self.push_type(text, inner, alone),
            Type::WithoutId(inner) => {
                text.push_str("tl::Bare<");
                self.push_type(text, inner, alone);
                text.push('>');
            }
        }
    }

    fn push_named(&self, text: &mut String, named: &Named) {
        text.push_str(&named.path);
        if !named.lifetime && named.args.is_empty() {
            return;
        }
        text.push('<');
        if named.lifetime {
            text.push_str("'a");
        }
        for (index, arg) in named.args.iter().enumerate() {
            if named.lifetime || index > 0 {
                text.push_str(", ");
            }
            self.push_type(text, arg, true);
        }
        text.push('>');
    }

    fn scalar(&self, scalar: Scalar) -> &'static str {
        match scalar {
            Scalar::Int => "i32",
            Scalar::Long => "i64",
            Scalar::Double => "f64",
            Scalar::Float => "f32",
            Scalar::Nat => "u32",
            Scalar::Int128 => "tl::Int128",
            Scalar::Int256 => "tl::Int256",
            Scalar::Int512 => "tl::Int512",
            Scalar::String if self.borrowed => "&'a str",
            Scalar::String => "String",
            Scalar::Bytes if self.borrowed => "&'a [u8]",
            Scalar::Bytes => "Vec<u8>",
            Scalar::Bool => "bool",
            Scalar::True { .. } => "()",
            Scalar::Object if self.borrowed => "tl::ObjectRef<'a>",
            Scalar::Object => "tl::Object",
        }
    }
}

impl Generics {
    /// The parameters behind the name of a definition: `<'a, T>`.
    pub(super) fn declared(&self) -> String {
        self.list(self.lifetime, |_| "")
    }

    /// The parameters of an impl that reads, `'a` always among them.
    pub(super) fn for_read(&self, bound: &'static str) -> String {
        self.list(true, |_| bound)
    }

    /// The parameters of any other impl; a lifetime is elided.
    pub(super) fn for_impl(&self, bound: &'static str) -> String {
        self.list(false, |_| bound)
    }

    /// The arguments with which the item is named.
    pub(super) fn applied(&self, lifetime: &str) -> String {
        let mut text = String::new();
        if self.lifetime || !self.types.is_empty() {
            text.push('<');
            let types = self.types.iter().map(|ty| ty.name.as_str());
            let all: Vec<&str> = self
                .lifetime
                .then_some(lifetime)
                .into_iter()
                .chain(types)
                .collect();
            text.push_str(&all.join(", "));
            text.push('>');
        }
        text
    }

    fn list(&self, lifetime: bool, bound: impl Fn(&str) -> &'static str) -> String {
        if !lifetime && self.types.is_empty() {
            return String::new();
        }
        let types = self
            .types
            .iter()
            .map(|ty| format!("{}{}", ty.name, bound(&ty.name)));
        let all: Vec<String> = lifetime
            .then(|| "'a".to_owned())
            .into_iter()
            .chain(types)
            .collect();
        format!("<{}>", all.join(", "))
    }
}

/// Which of `enums`, `functions` and `types` the items of a module name.
pub(super) fn used_modules(module: &Module) -> Vec<&'static str> {
    const ROOTS: [&str; 3] = ["enums", "functions", "types"];
    let mut used = [false; 3];
    let mark = &mut |path: &str| {
        for (used, root) in used.iter_mut().zip(ROOTS) {
            let rest = path.strip_prefix(root);
            *used |= rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        }
    };
    for item in &module.items {
        match item {
            Item::Struct(item) => {
                for field in &item.fields {
                    if let FieldKind::Value(ty) = &field.kind {
                        visit_paths(ty, mark);
                    }
                }
                item.output.iter().for_each(|ty| visit_paths(ty, mark));
            }
            Item::Enum(item) => {
                let payloads = item
                    .variants
                    .iter()
                    .filter_map(|variant| variant.payload.as_ref());
                payloads.for_each(|ty| visit_paths(ty, mark));
            }
        }
    }
    ROOTS
        .into_iter()
        .zip(used)
        .filter_map(|(root, used)| used.then_some(root))
        .collect()
}

fn visit_paths(ty: &Type, visit: &mut impl FnMut(&str)) {
    match ty {
        Type::Scalar(_) | Type::Variable(_) | Type::OutputOf(_) => {}
        Type::Named(named) => {
            visit(&named.path);
            named.args.iter().for_each(|arg| visit_paths(arg, visit));
        }
        Type::Vector { element, .. }
        | Type::Repeat { element, .. }
        | Type::Array { element, .. } => visit_paths(element, visit),
        Type::Indirect(inner) | Type::WithId(inner) | Type::WithoutId(inner) => {
            visit_paths(inner, visit);
        }
    }
}
