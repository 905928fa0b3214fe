//! Which types a generated file has: for tables of all of them, where tests need one.

/// A type that can be read by itself.
pub struct Item {
    /// `types::messages::Messages`
    pub path: String,
    /// The ids that a value may start with.
    pub ids: Vec<u32>,
}

/// The types of a generated file, formatted, that have no parameters: enums, functions, and
/// structs that are no constructor of an enum.
pub fn items(text: &str) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let mut modules: Vec<&str> = Vec::new();
    // The type whose impls follow, and whether it can be read.
    let mut current: Option<(Item, bool)> = None;
    let mut keep = |current: &mut Option<(Item, bool)>| match current.take() {
        Some((item, true)) if !item.ids.is_empty() => items.push(item),
        _ => {}
    };
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim_start();
        let depth = indent / 4;
        if line == "}" && depth < modules.len() {
            keep(&mut current);
            modules.truncate(depth);
        } else if let Some(name) = between(line, "pub mod ", " {") {
            keep(&mut current);
            modules.truncate(depth);
            modules.push(name);
        } else if let Some(name) = ["pub struct ", "pub enum "]
            .iter()
            .find_map(|kind| between(line, kind, " {"))
            .filter(|_| depth == modules.len())
        {
            keep(&mut current);
            let name = name.strip_suffix("<'a>").unwrap_or(name);
            if !name.contains('<') {
                let path = [modules.join("::").as_str(), name].join("::");
                let ids = Vec::new();
                current = Some((Item { path, ids }, false));
            }
        } else if let Some((item, is_read)) = &mut current {
            *is_read |= line.starts_with("impl<'a> tl::TlRead<'a> for ");
            let id = between(line, "const ID: u32 = 0x", ";").or_else(|| {
                let (id, _) = line.strip_prefix("0x")?.split_once(" =>")?;
                Some(id)
            });
            item.ids
                .extend(id.and_then(|id| u32::from_str_radix(id, 16).ok()));
        }
    }
    keep(&mut current);
    // Constructors are read through the enum of their type.
    let of_enums: Vec<u32> = items
        .iter()
        .filter(|item| item.path.starts_with("enums::"))
        .flat_map(|item| item.ids.clone())
        .collect();
    items.retain(|item| item.path.starts_with("enums::") || !of_enums.contains(&item.ids[0]));
    items
}

fn between<'t>(line: &'t str, before: &str, after: &str) -> Option<&'t str> {
    line.strip_prefix(before)?.split(after).next()
}
