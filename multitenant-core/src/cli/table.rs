use std::fmt::{self, Display};

/// Rows for people: columns as wide as their widest entry, in characters.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
    note: Option<String>,
}

impl Table {
    /// A list, with a head above each column.
    pub(super) fn of<const COLUMNS: usize>(
        heads: [&str; COLUMNS],
        rows: impl IntoIterator<Item = [String; COLUMNS]>,
    ) -> Self {
        let heads = heads.map(str::to_uppercase).to_vec();
        let rows = rows.into_iter().map(Vec::from);
        Self {
            rows: std::iter::once(heads).chain(rows).collect(),
            note: None,
        }
    }

    /// What is known of one thing; what is not known is left out.
    pub(super) fn facts<'f>(facts: impl IntoIterator<Item = (&'f str, Option<String>)>) -> Self {
        let known = facts
            .into_iter()
            .filter_map(|(name, value)| Some(vec![name.to_owned(), value?]));
        Self {
            rows: known.collect(),
            note: None,
        }
    }

    /// A sentence below.
    pub(super) fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = Vec::new();
        for row in &self.rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        widths
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(&format!("{cell:width$}  "));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        match &self.note {
            Some(note) => writeln!(f, "{note}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_entry() {
        let rows = [["Zoë", "1"], ["Al", "22"]].map(|row| row.map(str::to_owned));
        let table = Table::of(["name", "n"], rows).with_note("two");
        assert_eq!(table.to_string(), "NAME  N\nZoë   1\nAl    22\ntwo\n");
    }

    #[test]
    fn of_one_thing_only_what_is_known_is_told() {
        let facts = [("id", Some("7".to_owned())), ("segment", None)];
        assert_eq!(Table::facts(facts).to_string(), "id  7\n");
    }
}
