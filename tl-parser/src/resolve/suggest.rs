//! "Did you mean …?"

/// Looks for a name that is near a wrong one, as long as that costs little: a schema may have a
/// million names and a thousand faults.
pub(super) struct Suggester {
    /// How many characters may still be compared.
    budget: usize,
}

impl Default for Suggester {
    fn default() -> Self {
        Self { budget: 20_000_000 }
    }
}

/// The nearest of some names to one that is not among them, if one is near enough: a letter or two
/// that are wrong, another case.
///
/// ```
/// let names = ["message", "messages", "chat"];
/// assert_eq!(tl_parser::resolve::nearest("mesage", names), Some("message"));
/// assert_eq!(tl_parser::resolve::nearest("user", names), None);
/// ```
#[must_use]
pub fn nearest<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    Suggester::default().nearest(wrong, names.into_iter().map(Some))
}

/// Longer names are not compared: nobody mistypes them, and the cost is quadratic.
const LONGEST: usize = 80;

impl Suggester {
    /// The nearest of some names, if one is near enough; the first of several. Those that are
    /// `None` cost a little too, as they had to be looked at.
    pub(super) fn nearest<'n>(
        &mut self,
        wrong: &str,
        names: impl Iterator<Item = Option<&'n str>>,
    ) -> Option<&'n str> {
        if wrong.len() > LONGEST {
            return None;
        }
        let mut limit = match wrong.len() {
            0..4 => 1,
            4..8 => 2,
            _ => 3,
        };
        let mut best = None;
        for name in names {
            if !self.pay(1) {
                break;
            }
            let Some(name) = name else {
                continue;
            };
            if name.len().abs_diff(wrong.len()) > limit || name.len() > LONGEST || name == wrong {
                continue;
            }
            // A name of the same letters in another case, or of another namespace, is the likeliest.
            if name.eq_ignore_ascii_case(wrong) {
                return Some(name);
            }
            if !self.pay(name.len() * 8) {
                break;
            }
            if let Some(distance) = distance(wrong.as_bytes(), name.as_bytes(), limit)
                && distance < wrong.len()
            {
                best = Some(name);
                // Only a nearer one is of interest now.
                match distance.checked_sub(1) {
                    Some(nearer) => limit = nearer,
                    None => return best,
                }
            }
        }
        best
    }

    /// Whether there is something left in the budget.
    fn pay(&mut self, cost: usize) -> bool {
        match self.budget.checked_sub(cost) {
            Some(rest) => self.budget = rest,
            None => self.budget = 0,
        }
        self.budget > 0
    }
}

/// The number of letters to add, take away, change or swap with their neighbours, if it is not
/// above a limit.
fn distance(a: &[u8], b: &[u8], limit: usize) -> Option<usize> {
    let mut before_last = [0usize; LONGEST + 1];
    let mut last = [0usize; LONGEST + 1];
    let mut row = [0usize; LONGEST + 1];
    let width = b.len().min(LONGEST);
    for (index, cell) in last.iter_mut().enumerate() {
        *cell = index;
    }
    for (i, &x) in a.iter().enumerate() {
        row[0] = i + 1;
        let mut least = row[0];
        for (j, &y) in b.iter().take(width).enumerate() {
            let mut cost = (last[j] + usize::from(x != y))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                cost = cost.min(before_last[j - 1] + 1);
            }
            row[j + 1] = cost;
            least = least.min(cost);
        }
        if least > limit {
            return None;
        }
        before_last = last;
        last = row;
    }
    Some(last[width]).filter(|&distance| distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_slips_of_the_pen() {
        let of = |a: &str, b: &str| distance(a.as_bytes(), b.as_bytes(), 9);
        assert_eq!(of("user", "user"), Some(0));
        assert_eq!(of("user", "usr"), Some(1));
        assert_eq!(of("user", "uesr"), Some(1));
        assert_eq!(of("", "abc"), Some(3));
        assert_eq!(of("kitten", "sitting"), Some(3));
        assert_eq!(distance(b"kitten", b"sitting", 2), None);
    }

    #[test]
    fn takes_the_nearest() {
        let mut suggester = Suggester::default();
        let names = ["InputPaper", "InputPeer", "InputPe"];
        let nearest = suggester.nearest("InputPeeer", names.into_iter().map(Some));
        assert_eq!(nearest, Some("InputPeer"));
        assert_eq!(
            suggester.nearest("Vektor3D", names.into_iter().map(Some)),
            None
        );
        assert_eq!(suggester.nearest("ab", [Some("xy")].into_iter()), None);
        assert_eq!(suggester.nearest("bar", [Some("a")].into_iter()), None);
        assert_eq!(
            suggester.nearest("usr", [Some("user")].into_iter()),
            Some("user")
        );
    }

    #[test]
    fn gives_up_when_it_costs_too_much() {
        let mut suggester = Suggester { budget: 100 };
        let names = ["abcdefgh"; 1000];
        assert_eq!(
            suggester.nearest("abcdefgi", names.into_iter().map(Some)),
            Some("abcdefgh")
        );
        assert_eq!(
            suggester.nearest("abcdefgi", names.into_iter().map(Some)),
            None
        );
    }
}
