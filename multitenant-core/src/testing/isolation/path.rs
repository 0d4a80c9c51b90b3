//! Paths with parameters, and what is put in their place.

use uuid::Uuid;

use super::party::SHORTEST_MARK;
use crate::{TenantId, Timestamp};

/// Most ways in which one path is filled.
const MOST: usize = 64;

/// A path, cut at its parameters: `/users/{id}/roles` is `/users/` and `/roles`.
pub(super) struct Template(Vec<String>);

impl Template {
    pub(super) fn of(path: &str) -> Self {
        let (mut parts, mut part) = (Vec::new(), String::new());
        let mut depth = 0_usize;
        for c in path.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 1 => {
                    depth = 0;
                    parts.push(std::mem::take(&mut part));
                }
                '}' => depth = depth.saturating_sub(1),
                _ if depth > 0 => {}
                _ => part.push(c),
            }
        }
        parts.push(part);
        Self(parts)
    }

    pub(super) fn parameters(&self) -> usize {
        self.0.len() - 1
    }

    /// The path with these values in it.
    pub(super) fn fill(&self, values: &[String]) -> String {
        let mut parts = self.0.iter();
        let mut path = parts.next().cloned().unwrap_or_default();
        for (value, part) in values.iter().zip(parts) {
            path += &encoded(value);
            path += part;
        }
        path
    }

    /// Every choice of these for the path's parameters, up to some number.
    pub(super) fn choices(&self, values: &[String]) -> Vec<Vec<String>> {
        let mut choices = vec![Vec::new()];
        for _ in 0..self.parameters() {
            let longer = choices.iter().flat_map(|chosen: &Vec<String>| {
                let with =
                    |value: &String| [chosen.as_slice(), std::slice::from_ref(value)].concat();
                values.iter().map(with)
            });
            choices = longer.take(MOST).collect();
        }
        choices
    }
}

/// A value as a segment of a path (RFC 3986, section 3.3).
fn encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode = |byte| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    value.bytes().map(encode).collect()
}

/// Something of the same kind that names nothing.
pub(super) fn invented_like(value: &str) -> String {
    if value.parse::<Uuid>().is_ok() {
        return TenantId::generate().to_string();
    }
    let random = TenantId::generate().as_uuid().simple().to_string();
    match value.parse::<i64>() {
        // Within what the smallest usual type for a row's number holds.
        Ok(_) => {
            (1_900_000_000 + TenantId::generate().as_uuid().as_u128() % 100_000_000).to_string()
        }
        Err(_) => format!("no-{}", random.chars().rev().take(12).collect::<String>()),
    }
}

/// An answer's text without what differs from one answer to the next: the values that were sent,
/// and whatever is an id or a time.
pub(super) fn masked(text: &str, sent: &[String]) -> String {
    let (mut text, known) = (text.to_owned(), |word: &str| {
        sent.iter().any(|sent| sent == word)
    });
    // A shorter one may be part of anything.
    for value in sent.iter().filter(|value| value.len() >= SHORTEST_MARK) {
        text = text.replace(value.as_str(), "…");
    }
    let in_word = |c: char| c.is_ascii_alphanumeric() || "-:.+".contains(c);
    let mut masked = String::new();
    for piece in text.split_inclusive(|c| !in_word(c)) {
        let word = piece.trim_end_matches(|c| !in_word(c));
        let changes = word.parse::<Uuid>().is_ok() || word.parse::<Timestamp>().is_ok();
        let changes = changes || known(word);
        masked += if changes { "…" } else { word };
        masked += &piece[word.len()..];
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_filled_whatever_its_parameters_look_like() {
        let values = ["a/b".to_owned(), "7".to_owned()];
        for (path, filled) in [
            ("/", "/"),
            ("/{id}", "/a%2Fb"),
            ("/users/{id}/roles/{role}", "/users/a%2Fb/roles/7"),
            (r"/years/{year:\d{4}}/{*rest}", "/years/a%2Fb/7"),
        ] {
            assert_eq!(Template::of(path).fill(&values), filled);
        }
        assert_eq!(Template::of("/{a}/{b}").choices(&values).len(), 4);
        assert_eq!(Template::of("/").choices(&values), [Vec::<String>::new()]);
    }

    #[test]
    fn what_is_invented_is_of_the_same_kind() {
        assert!(
            invented_like(&TenantId::generate().to_string())
                .parse::<Uuid>()
                .is_ok()
        );
        assert!(invented_like("7").parse::<i32>().is_ok());
        assert!(invented_like("acme").parse::<crate::Slug>().is_ok());
    }

    #[test]
    fn ids_and_times_do_not_tell_two_answers_apart() {
        let answer =
            |id: TenantId, at: &str| format!(r#"{{"id":"7","request":"{id}","at":"{at}"}}"#);
        let one = answer(TenantId::generate(), "2026-01-01T00:00:00Z");
        let other = answer(TenantId::generate(), "2026-01-02T03:04:05.678Z");
        let sent = ["7".to_owned()];
        assert_eq!(masked(&one, &sent), masked(&other, &sent));
        assert_ne!(masked("12 rows", &[]), masked("13 rows", &[]));
    }
}
