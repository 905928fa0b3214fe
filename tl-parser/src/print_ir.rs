//! A schema as TL text in one normal form.
//!
//! Two schemas mean the same if their normal forms are equal: every id is written, spelling and
//! brackets are uniform, comments are gone. What is predeclared is left out, since whoever reads
//! the text predeclares it too.

use crate::ir::{Arg, Combinator, CombinatorId, CombinatorKind, Schema, Specialisation, Type};
use crate::ir_text::{Speller, annotations};

impl Schema {
    /// The schema as TL text in normal form: the layer, the constructors of each layer section in
    /// order, then the functions. Reading it gives the same schema, less the doc comments.
    ///
    /// ```
    /// use tl_parser::source::Source;
    ///
    /// let text = "a {n:#} x:(vector %B) y:n*[int]=A n; b=B;\n---functions---\nf=Bool;";
    /// let schema = tl_parser::compile([Source::new("a.tl", text)?]).schema.unwrap();
    /// assert_eq!(schema.to_tl(), "\
    /// a#cf6714eb {n:#} x:vector<%B> y:n*[ int ] = A n;
    /// b#a4070ed3 = B;
    ///
    /// ---functions---
    /// f#11c9320e = Bool;
    /// ");
    /// # Ok::<(), tl_parser::source::TooLong>(())
    /// ```
    #[must_use]
    pub fn to_tl(&self) -> String {
        let mut printer = Printer {
            schema: self,
            out: String::new(),
            section: CombinatorKind::Constructor,
            layer: None,
        };
        printer.schema();
        printer.out
    }
}

struct Printer<'s> {
    schema: &'s Schema,
    out: String,
    section: CombinatorKind,
    layer: Option<u32>,
}

impl Printer<'_> {
    fn schema(&mut self) {
        if let Some(layer) = self.schema.layer {
            self.line(&format!("// LAYER {layer}"));
        }
        // A text has no way back from a layer section, which several files together have.
        let mut order: Vec<CombinatorId> = self.schema.combinator_ids().collect();
        order.retain(|&id| !self.schema[id].predeclared);
        order.sort_by_key(|&id| self.schema[id].layer.is_some());
        // Constructors, then functions, in each layer section.
        let sections = order.chunk_by(|&a, &b| self.schema[a].layer == self.schema[b].layer);
        let sections: Vec<Vec<CombinatorId>> = sections
            .map(|section| {
                let mut section = section.to_vec();
                section.sort_by_key(|&id| self.schema[id].kind);
                section
            })
            .collect();
        for id in sections.into_iter().flatten() {
            self.combinator(&self.schema[id]);
        }
        // One line makes a specialisation of each constructor of the type.
        let is_same_line = |a: &Specialisation, b: &Specialisation| a.location == b.location;
        for group in self.schema.specialisations.chunk_by(is_same_line) {
            group
                .iter()
                .take(1)
                .for_each(|one| self.specialisation(one));
        }
        for ty in self.schema.types.iter().filter(|ty| !ty.predeclared) {
            self.closing(ty);
        }
    }

    fn combinator(&mut self, combinator: &Combinator) {
        if combinator.layer != self.layer {
            self.layer = combinator.layer;
            if let Some(layer) = combinator.layer {
                self.blank_line();
                self.line(&format!("==={layer}==="));
            }
        }
        self.section(combinator.kind);
        let speller = Speller::new(self.schema, combinator);
        let mut words = vec![annotations(combinator.annotations)];
        words.push(match combinator.is_default(self.schema) {
            true => "_".to_owned(),
            false => format!("{}#{:08x}", &self.schema[combinator.name], combinator.id),
        });
        words.push(speller.variables());
        if combinator.opaque {
            words.push("?".to_owned());
        }
        words.extend(combinator.fields.iter().map(|field| {
            let ty = speller.condition_and_type(field);
            match field.name {
                Some(name) => format!("{}:{ty}", &self.schema[name]),
                None => ty,
            }
        }));
        words.push(format!("= {};", speller.result()));
        words.retain(|word| !word.is_empty());
        self.line(&words.join(" "));
    }

    /// `Tuple int 10;`
    fn specialisation(&mut self, specialisation: &Specialisation) {
        let constructor = &self.schema[specialisation.constructor];
        let speller = Speller::new(self.schema, constructor);
        let args: Vec<String> = specialisation
            .args
            .iter()
            .map(|arg| match arg {
                Arg::Type(ty) => speller.ty(ty),
                Arg::Nat(nat) => nat.plus.to_string(),
            })
            .collect();
        self.section(CombinatorKind::Constructor);
        if let Some(ty) = constructor.result_type() {
            let name = &self.schema[self.schema[ty].name];
            self.line(&format!("{name} {};", args.join(" ")));
        }
    }

    /// `Empty T;` or `Final T;`
    fn closing(&mut self, ty: &Type) {
        let name = &self.schema[ty.name];
        let word = match (ty.is_final, ty.constructors.is_empty()) {
            (true, true) => "Empty",
            (true, false) => "Final",
            (false, _) => return,
        };
        self.section(CombinatorKind::Constructor);
        self.line(&format!("{word} {name};"));
    }

    fn section(&mut self, kind: CombinatorKind) {
        if self.section == kind {
            return;
        }
        self.section = kind;
        self.blank_line();
        self.line(match kind {
            CombinatorKind::Constructor => "---types---",
            CombinatorKind::Function => "---functions---",
        });
    }

    fn blank_line(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }
}
