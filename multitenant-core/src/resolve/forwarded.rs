//! The `Forwarded` header (RFC 7239, section 4).

/// What one proxy wrote of the request that it passed on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Whom it had the request from (`for`).
    pub(super) node: Option<String>,
    /// The host that it was asked for (`host`).
    pub(super) host: Option<String>,
}

/// A value that breaks the header's grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// The elements of one value, from left to right.
pub(super) fn elements(value: &[u8]) -> Result<Vec<Element>, Malformed> {
    let text = std::str::from_utf8(value).map_err(|_| Malformed)?;
    split_outside_quotes(text, ',')?
        .into_iter()
        .map(str::trim)
        .filter(|element| !element.is_empty())
        .map(element)
        .collect()
}

fn element(text: &str) -> Result<Element, Malformed> {
    let mut element = Element::default();
    let pairs = split_outside_quotes(text, ';')?.into_iter().map(str::trim);
    for pair in pairs.filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or(Malformed)?;
        let place = match name.to_ascii_lowercase().as_str() {
            "for" => &mut element.node,
            "host" => &mut element.host,
            _ => continue,
        };
        // Each parameter comes at most once.
        if place.replace(unquoted(value)?).is_some() {
            return Err(Malformed);
        }
    }
    Ok(element)
}

fn split_outside_quotes(text: &str, separator: char) -> Result<Vec<&str>, Malformed> {
    let (mut quoted, mut escaped) = (false, false);
    let at_separator = |character: char| {
        let skipped = std::mem::take(&mut escaped);
        match character {
            _ if skipped => false,
            '\\' if quoted => {
                escaped = true;
                false
            }
            '"' => {
                quoted = !quoted;
                false
            }
            other => !quoted && other == separator,
        }
    };
    let parts = text.split(at_separator).collect();
    if quoted {
        return Err(Malformed);
    }
    Ok(parts)
}

/// A token as it is, or a quoted string without its quotes and backslashes (RFC 9110, section
/// 5.6.4).
fn unquoted(value: &str) -> Result<String, Malformed> {
    let Some(rest) = value.strip_prefix('"') else {
        let is_token = |byte: u8| byte.is_ascii_graphic() && !b"\"\\(),;=<>@[]{}?/".contains(&byte);
        return value
            .bytes()
            .all(is_token)
            .then(|| value.to_owned())
            .ok_or(Malformed);
    };
    let mut characters = rest.strip_suffix('"').ok_or(Malformed)?.chars();
    let mut text = String::new();
    while let Some(character) = characters.next() {
        text.push(match character {
            '\\' => characters.next().ok_or(Malformed)?,
            '"' => return Err(Malformed),
            other => other,
        });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(value: &str) -> Option<Vec<(Option<String>, Option<String>)>> {
        let elements = elements(value.as_bytes()).ok()?;
        Some(elements.into_iter().map(|e| (e.node, e.host)).collect())
    }

    #[test]
    fn the_grammar_of_the_header() {
        let of = |node: &str, host: &str| {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            (some(node), some(host))
        };
        let table = [
            ("", Some(vec![])),
            ("host=a.test", Some(vec![of("", "a.test")])),
            (
                "For=192.0.2.60;Proto=http;By=203.0.113.43",
                Some(vec![of("192.0.2.60", "")]),
            ),
            (
                r#"for="[2001:db8::7]:4711"; host="a.test:8080""#,
                Some(vec![of("[2001:db8::7]:4711", "a.test:8080")]),
            ),
            (
                "for=192.0.2.43, for=198.51.100.17;host=b.test",
                Some(vec![of("192.0.2.43", ""), of("198.51.100.17", "b.test")]),
            ),
            (r#"host="a,b;c=\"d\"""#, Some(vec![of("", "a,b;c=\"d\"")])),
            ("host=a.test;host=b.test", None),
            (r#"host="a.test"#, None),
            (r#"host=a"test"#, None),
            (r#"host="a"b"#, None),
            ("host", None),
            ("host=a test", None),
            (
                "for=_hidden;;host=a.test,",
                Some(vec![of("_hidden", "a.test")]),
            ),
        ];
        for (value, expected) in table {
            assert_eq!(read(value), expected, "{value}");
        }
        assert_eq!(elements(b"host=\xff"), Err(Malformed));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(value in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = elements(&value);
        }

        #[test]
        fn whatever_is_quoted_comes_back(host in "[ -~]*") {
            let quoted = host.replace('\\', r"\\").replace('"', "\\\"");
            let read = elements(format!("host=\"{quoted}\"").as_bytes()).unwrap();
            prop_assert_eq!(read[0].host.as_deref(), Some(host.as_str()));
        }
    }
}
