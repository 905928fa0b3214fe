//! `to_owned` of borrowed types.

use super::Emitter;
use crate::model::{Enum, FieldKind, Generics, Scalar, Struct, Type};

impl Emitter<'_> {
    /// The method; its body is that of the trait.
    pub(super) fn method_to_owned(&mut self, generics: &Generics, path: &str) {
        let owned = owned_type(generics, path);
        let bounds: Vec<String> = generics
            .types
            .iter()
            .map(|ty| format!("{}: tl::private::Own", ty.name))
            .collect();
        self.out
            .line(&["/// The same value, owning what it holds."]);
        // As `new`: machine code is made by who calls it.
        self.out.line(&["#[inline]"]);
        if bounds.is_empty() {
            self.out.open(&["pub fn to_owned(&self) -> ", &owned]);
        } else {
            self.out.line(&["pub fn to_owned(&self) -> ", &owned]);
            self.out.begin(&["where"], "");
            for bound in &bounds {
                self.out.line(&[bound, ","]);
            }
            self.out.dedent();
            self.out.begin(&[], "{");
        }
        self.out.line(&["tl::private::own(*self)"]);
        self.out.close();
    }

    pub(super) fn own_struct(&mut self, item: &Struct, path: &str) {
        self.own_impl(&item.name, &item.generics, path);
        let values: Vec<Vec<String>> = item
            .fields
            .iter()
            .filter(|field| field.is_visible())
            .map(|field| {
                let name = &field.name;
                let value = match &field.kind {
                    FieldKind::Value(ty) if !is_copied(ty) => {
                        format!("{name}: tl::private::own(self.{name})")
                    }
                    _ => format!("{name}: self.{name}"),
                };
                vec![value]
            })
            .collect();
        self.struct_expression("", path, &values, "");
        self.out.close();
        self.out.close();
    }

    pub(super) fn own_enum(&mut self, item: &Enum, path: &str) {
        self.own_impl(&item.name, &item.generics, path);
        if item.variants.is_empty() {
            self.out.line(&["match self {}"]);
        } else {
            self.out.open(&["match self"]);
            for variant in &item.variants {
                let name = &variant.name;
                let (pattern, value) = match variant.payload {
                    None => (format!("Self::{name}"), format!("{path}::{name}")),
                    Some(_) => (
                        format!("Self::{name}(value)"),
                        format!("{path}::{name}(tl::private::own(value))"),
                    ),
                };
                if self.out.fits(pattern.len() + value.len() + 5) {
                    self.out.line(&[&pattern, " => ", &value, ","]);
                } else {
                    self.out.open(&[&pattern, " =>"]);
                    self.out.line(&[&value]);
                    self.out.close();
                }
            }
            self.out.close();
        }
        self.out.close();
        self.out.close();
    }

    fn own_impl(&mut self, name: &str, generics: &Generics, path: &str) {
        let parameters = generics.for_impl(": tl::private::Own");
        let applied = generics.applied("'_");
        self.out.blank();
        self.out.open(&[
            "impl",
            &parameters,
            " tl::private::Own for ",
            name,
            &applied,
        ]);
        let owned = owned_type(generics, path);
        self.out.line(&["type Owned = ", &owned, ";"]);
        self.out.blank();
        self.out.line(&["#[inline]"]);
        self.out.open(&["fn own(self) -> Self::Owned"]);
    }
}

fn owned_type(generics: &Generics, path: &str) -> String {
    if generics.types.is_empty() {
        return path.to_owned();
    }
    let args = generics.types.iter();
    let args: Vec<String> = args.map(|ty| format!("{}::Owned", ty.name)).collect();
    format!("{path}<{}>", args.join(", "))
}

/// Whether the value is the same in both ownerships.
fn is_copied(ty: &Type) -> bool {
    match ty {
        Type::Scalar(scalar) => !matches!(scalar, Scalar::String | Scalar::Bytes | Scalar::Object),
        Type::WithId(inner) => is_copied(inner),
        _ => false,
    }
}
