//! The list of faults, which does not grow without end.

use crate::diagnostic::{Code, Diagnostic, Severity};

/// After that many faults the rest is only counted.
const MAX_FAULTS: usize = 1000;

#[derive(Default)]
pub(super) struct Faults {
    list: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
    /// A fault that did not get into the list.
    first_dropped: Option<Diagnostic>,
}

impl Faults {
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        // Errors and warnings have a share each: a thousand warnings must not hide an error.
        let count = match diagnostic.severity() {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *count += 1;
        if *count <= MAX_FAULTS {
            self.list.push(diagnostic);
        } else if self.first_dropped.is_none() {
            self.first_dropped = Some(diagnostic);
        }
    }

    /// Whether there is no room for a fault of that kind: then it is counted as if it were there,
    /// and need not be put into words.
    pub(super) fn is_full(&mut self, code: Code) -> bool {
        let count = match code.severity() {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        // One more than are shown, to say where the others are.
        let is_full = *count > MAX_FAULTS;
        *count += usize::from(is_full);
        is_full
    }

    pub(super) fn extend(&mut self, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            self.push(diagnostic);
        }
    }

    pub(super) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    pub(super) fn into_sorted(mut self) -> Vec<Diagnostic> {
        if let Some(dropped) = self.first_dropped
            && let Some(label) = dropped.labels.first()
        {
            let unsaid = self.errors + self.warnings - self.list.len();
            self.list.push(Diagnostic::new(
                match dropped.severity() {
                    Severity::Error => Code::TooManyFaults,
                    Severity::Warning => Code::TooManyWarnings,
                },
                format!("{unsaid} further faults are not shown; this is one of them"),
                label.location,
            ));
        }
        super::in_order(&mut self.list);
        // The names of a group share what is at fault with them.
        self.list.dedup_by(|a, b| {
            let place = |d: &Diagnostic| d.labels.first().map(|label| label.location);
            a.code == b.code && place(a) == place(b) && a.message == b.message
        });
        self.list
    }
}
