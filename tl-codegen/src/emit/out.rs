//! The text that is being written, laid out as rustfmt lays it out.

/// How wide a line may be.
pub(super) const WIDTH: usize = 100;
/// How wide the arguments of a call may be in one line.
pub(super) const CALL_WIDTH: usize = 60;
/// How wide the fields of a struct expression may be in one line.
pub(super) const STRUCT_WIDTH: usize = 18;

/// Text with an indentation.
pub(super) struct Out {
    text: String,
    depth: usize,
    format: bool,
}

impl Out {
    pub(super) fn new(format: bool, capacity: usize) -> Self {
        Self {
            text: String::with_capacity(capacity),
            depth: 0,
            format,
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    /// A line of these parts.
    pub(super) fn line(&mut self, parts: &[&str]) {
        self.indent();
        for part in parts {
            self.text.push_str(part);
        }
        self.text.push('\n');
    }

    /// A line that begins a block: `{` is added, what follows is indented.
    pub(super) fn open(&mut self, parts: &[&str]) {
        self.begin(parts, " {");
    }

    /// A line that begins something of several lines, which follow indented.
    pub(super) fn begin(&mut self, parts: &[&str], end: &str) {
        self.indent();
        for part in parts {
            self.text.push_str(part);
        }
        self.text.push_str(end);
        self.text.push('\n');
        self.depth += 1;
    }

    /// The end of a block.
    pub(super) fn close(&mut self) {
        self.end("}");
    }

    /// The end of something of several lines.
    pub(super) fn end(&mut self, end: &str) {
        self.depth -= 1;
        self.line(&[end]);
    }

    /// The end of what [`begin`](Out::begin) began, without a line of its own.
    pub(super) fn dedent(&mut self) {
        self.depth -= 1;
    }

    /// An empty line.
    pub(super) fn blank(&mut self) {
        if self.format {
            self.text.push('\n');
        }
    }

    /// Whether so many characters and the indentation fit into a line.
    pub(super) fn fits(&self, len: usize) -> bool {
        self.depth * 4 + len <= WIDTH
    }

    /// A constant, its value on a line of its own if that is long.
    pub(super) fn constant(&mut self, name: &str, ty: &str, value: &str) {
        let before = ["const ", name, ": ", ty, " ="];
        let len = before.iter().map(|part| part.len()).sum::<usize>() + value.len() + 2;
        if self.fits(len) {
            self.line(&[before[0], name, ": ", ty, " = ", value, ";"]);
        } else {
            self.begin(&before, "");
            self.line(&[value, ";"]);
            self.dedent();
        }
    }

    /// A call as a statement: on one line if that is short, else an argument a line.
    pub(super) fn call(&mut self, function: &str, args: &[&str], end: &str) {
        let args_len = args
            .iter()
            .map(|arg| arg.len() + 2)
            .sum::<usize>()
            .saturating_sub(2);
        let len = function.len() + args_len + 2 + end.len();
        if args_len <= CALL_WIDTH && self.fits(len) {
            self.line(&[function, "(", &args.join(", "), ")", end]);
            return;
        }
        self.begin(&[function], "(");
        for arg in args {
            match arg.split_once(" == ") {
                Some((left, right)) if !self.fits(arg.len() + 1) => {
                    self.line(&[left]);
                    self.line(&["    == ", right, ","]);
                }
                _ => self.line(&[arg, ","]),
            }
        }
        self.depth -= 1;
        self.line(&[")", end]);
    }

    /// A doc comment.
    pub(super) fn doc(&mut self, text: &str) {
        for line in text.lines() {
            match line.trim_end() {
                "" => self.line(&["///"]),
                line => self.line(&["/// ", line]),
            }
        }
    }

    fn indent(&mut self) {
        if self.format {
            for _ in 0..self.depth {
                self.text.push_str("    ");
            }
        }
    }
}
