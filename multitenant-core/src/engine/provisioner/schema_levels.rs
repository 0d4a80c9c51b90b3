use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// How far the sets of a [`Schema`](super::Schema) have come: by it one sees which of two schemas is
/// the older, where their [versions](super::SchemaVersion) only tell that they differ.
///
/// A set of migrations has come as far as its newest migration; a function as far as its version
/// says, if that is numbers between dots or dashes (`3`, `1.12`, `2026-11-25`). Other versions are
/// neither older nor newer than any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SchemaLevels(pub(super) Vec<SetLevel>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SetLevel {
    pub(super) set: String,
    #[serde(flatten)]
    pub(super) level: Level,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    Migration(i64),
    Function(String),
}

impl SchemaLevels {
    /// Whether a set of this schema has not come as far as the same set of the other: of sets with
    /// one name the first is compared with the first. To migrate from `other` to this would lead
    /// back, whatever the sets beside it.
    #[must_use]
    pub fn is_older_than(&self, other: &Self) -> bool {
        let mut others: Vec<_> = other.0.iter().collect();
        self.0.iter().any(|ours| {
            let same = others.iter().position(|theirs| theirs.set == ours.set);
            same.is_some_and(|index| ours.level.is_below(&others.remove(index).level))
        })
    }
}

impl Level {
    fn is_below(&self, other: &Self) -> bool {
        let order = match (self, other) {
            (Self::Migration(ours), Self::Migration(theirs)) => Some(ours.cmp(theirs)),
            (Self::Function(ours), Self::Function(theirs)) => compare(ours, theirs),
            _ => None,
        };
        order == Some(Ordering::Less)
    }
}

fn compare(ours: &str, theirs: &str) -> Option<Ordering> {
    let (mut ours, mut theirs) = (numbers(ours)?, numbers(theirs)?);
    let longer = ours.len().max(theirs.len());
    ours.resize(longer, 0);
    theirs.resize(longer, 0);
    Some(ours.cmp(&theirs))
}

fn numbers(version: &str) -> Option<Vec<u64>> {
    let parts = version.split(['.', '-']);
    parts.map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(of: &[(&str, Level)]) -> SchemaLevels {
        let levels = of.iter().cloned().map(|(set, level)| SetLevel {
            set: set.to_owned(),
            level,
        });
        SchemaLevels(levels.collect())
    }

    fn function(version: &str) -> SchemaLevels {
        levels(&[("own", Level::Function(version.to_owned()))])
    }

    #[test]
    fn versions_of_a_function_are_compared_as_numbers() {
        let table = [
            ("1", "2", true),
            ("9", "10", true),
            ("10", "9", false),
            ("1", "1", false),
            ("1", "1.0", false),
            ("1.9", "1.10", true),
            ("1.10.1", "1.10", false),
            ("2026-09-30", "2026-11-25", true),
            ("1", "moon", false),
            ("moon", "1", false),
            ("1.0-beta", "2", false),
            ("", "1", false),
            ("99999999999999999999", "1", false),
        ];
        for (ours, theirs, older) in table {
            let is_older = function(ours).is_older_than(&function(theirs));
            assert_eq!(is_older, older, "{ours:?} and {theirs:?}");
        }
    }

    #[test]
    fn a_schema_is_older_as_soon_as_one_set_is_and_sets_of_one_name_follow_their_order() {
        let of = |library, first, second| {
            levels(&[
                ("library", Level::Migration(library)),
                ("own", Level::Migration(first)),
                ("own", Level::Migration(second)),
            ])
        };
        let table = [
            (of(1, 1, 1), of(1, 1, 1), false),
            (of(2, 1, 1), of(1, 1, 1), false),
            (of(1, 1, 1), of(2, 1, 1), true),
            (of(2, 1, 1), of(1, 1, 2), true),
            (of(1, 1, 2), of(1, 2, 1), true),
            (of(1, 1, 1), levels(&[("own", Level::Migration(1))]), false),
            (levels(&[("own", Level::Migration(1))]), of(9, 1, 9), false),
            (of(1, 1, 1), function("9"), false),
        ];
        for (ours, theirs, older) in table {
            assert_eq!(
                ours.is_older_than(&theirs),
                older,
                "{ours:?} and {theirs:?}"
            );
        }
    }

    #[test]
    fn they_are_stored_as_text_that_people_can_read() {
        let stored = serde_json::to_string(&levels(&[
            ("library", Level::Migration(2)),
            ("own", Level::Function("1.4".to_owned())),
        ]));
        let expected = r#"[{"set":"library","migration":2},{"set":"own","function":"1.4"}]"#;
        assert_eq!(stored.unwrap(), expected);
        let read: SchemaLevels = serde_json::from_str(expected).unwrap();
        assert!(!read.is_older_than(&read));
    }
}
