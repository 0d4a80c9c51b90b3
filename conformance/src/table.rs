//! Reads `cases.txt`.

use multitenant_core::{Code, TenantId};

use crate::{Answer, Ask};

const TEXT: &str = include_str!("cases.txt");

/// One line of the list.
pub(crate) struct Case {
    line: &'static str,
    number: usize,
    pub(crate) in_development: bool,
    pub(crate) ask: Ask,
    expected: Vec<String>,
}

/// The cases, with the tenants' ids in place of `$a` and `$b`.
pub(crate) fn cases(a: TenantId, b: TenantId) -> Vec<Case> {
    let mut in_development = false;
    let mut cases = Vec::new();
    for (index, line) in TEXT.lines().enumerate() {
        match line.trim() {
            "" => {}
            "@development" => in_development = true,
            "@production" => in_development = false,
            comment if comment.starts_with('#') => {}
            line => {
                let ids = [("$a", a), ("$b", b)];
                let mut read = Case::read(line, index + 1, ids);
                read.in_development = in_development;
                cases.push(read);
            }
        }
    }
    cases
}

impl Case {
    fn read(line: &'static str, number: usize, ids: [(&str, TenantId); 2]) -> Self {
        let (asked, expected) = line
            .rsplit_once("-> ")
            .unwrap_or_else(|| panic!("line {number} has no arrow"));
        let asked = ids.iter().fold(asked.to_owned(), |text, (name, id)| {
            text.replace(name, &id.to_string())
        });
        let mut parts = asked.split(" | ").map(str::trim);
        let (method, target) = parts
            .next()
            .and_then(|first| first.split_once(' '))
            .unwrap_or_else(|| panic!("line {number} has no method and target"));
        let ask = parts.fold(Ask::new(method, target), with);
        let expected = expected.split(" | ").map(|part| part.trim().to_owned());
        Self {
            line,
            number,
            in_development: false,
            ask,
            expected: expected.collect(),
        }
    }

    /// What is wrong with the answer.
    pub(crate) fn fault(&self, answer: &Answer) -> Option<String> {
        let mut expected = self.expected.iter();
        let first = expected.next().map(|first| status(first, answer));
        let rest = expected.map(|part| part_is(part, answer));
        let why = first.into_iter().chain(rest).find_map(Result::err)?;
        let (number, line, text) = (self.number, self.line, answer.text());
        Some(format!(
            "{number}: {line}\n   {why}\n   {} {text}",
            answer.status
        ))
    }
}

/// `by WORD`, `json BODY`, `body BODY`, `chunked`, or a header.
fn with(ask: Ask, part: &str) -> Ask {
    let (word, rest) = part.split_once(' ').unwrap_or((part, ""));
    match word {
        "by" => ask.bearer(rest),
        "json" => ask.json(bytes(rest)),
        "body" => ask.body(bytes(rest)),
        "chunked" => ask.chunked(),
        _ => match part.split_once(':') {
            Some((name, value)) => ask.header(name, bytes(value.trim())),
            None => panic!("{part:?} is no part of a request"),
        },
    }
}

/// `\xff` is a byte, `\129a` is the letter 129 times.
fn bytes(text: &str) -> Vec<u8> {
    let mut parts = text.split('\\');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        if let Some(escaped) = part.strip_prefix('x') {
            let (digits, rest) = escaped.split_at(2);
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            bytes.extend_from_slice(rest.as_bytes());
        } else {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap();
            let (count, rest) = part.split_at(end);
            bytes.extend(vec![rest.as_bytes()[0]; count.parse().unwrap()]);
            bytes.extend_from_slice(&rest.as_bytes()[1..]);
        }
    }
    bytes
}

/// `200`, or `403 tenant_mismatch`.
fn status(expected: &str, answer: &Answer) -> Result<(), String> {
    let Some((status, code)) = expected.split_once(' ') else {
        let found = answer.status.to_string();
        return same("the status", Some(&found), Some(expected));
    };
    let named = Code::ALL.iter().find(|known| known.as_str() == code);
    let code = *named.unwrap_or_else(|| panic!("{code:?} is no code"));
    assert_eq!(status, code.status().to_string(), "{expected}");
    if answer.body.is_empty() {
        // To a HEAD, which has no body.
        return same("the status", Some(&answer.status.to_string()), Some(status));
    }
    answer.problem(code).map(drop)
}

/// `text BODY`, `field NAME`, or a header: its value, `-` for none, `fresh` for a fresh id.
fn part_is(expected: &str, answer: &Answer) -> Result<(), String> {
    let (word, rest) = expected.split_once(' ').unwrap_or((expected, ""));
    match word {
        "text" => same("the text", Some(&answer.text()), Some(rest)),
        "field" => {
            let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            same("the field", body["errors"][0]["field"].as_str(), Some(rest))
        }
        _ => {
            let (name, value) = expected.split_once(": ").unwrap_or((expected, ""));
            let found = answer.header(name);
            match value {
                "-" => same(name, found, None),
                "fresh" => {
                    let length = found.map(|id| id.len().to_string());
                    same("the length of the fresh id", length.as_deref(), Some("36"))
                }
                value => same(name, found, Some(value)),
            }
        }
    }
}

fn same(what: &str, found: Option<&str>, wanted: Option<&str>) -> Result<(), String> {
    (found == wanted)
        .then_some(())
        .ok_or_else(|| format!("{what} is {found:?}, not {wanted:?}"))
}
