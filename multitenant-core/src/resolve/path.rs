use std::str::FromStr;

/// The beginning of paths in which the next segment names the tenant: with `/t`, the path
/// `/t/acme/invoices` names `acme`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPrefix(Box<str>);

/// A text that is no path prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a path prefix; expected something like /t, without an encoded or empty segment")]
pub struct InvalidPathPrefix;

impl FromStr for PathPrefix {
    type Err = InvalidPathPrefix;

    fn from_str(text: &str) -> Result<Self, InvalidPathPrefix> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte);
        let is_segment = |segment: &str| !segment.is_empty() && segment.bytes().all(plain);
        let path = text.strip_suffix('/').unwrap_or(text);
        let segments = path.strip_prefix('/').ok_or(InvalidPathPrefix)?;
        if !segments.split('/').all(is_segment) {
            return Err(InvalidPathPrefix);
        }
        Ok(Self([path, "/"].concat().into()))
    }
}

impl PathPrefix {
    /// The segment after the prefix, where the path begins so. A slug or an id has no byte that
    /// needs percent-encoding, so it is read as it stands.
    pub(super) fn segment<'p>(&self, path: &'p str) -> Option<&'p str> {
        match path.strip_prefix(&*self.0) {
            Some(rest) => rest.split('/').next(),
            // Routers that decode a path before they match it take this for the prefix too.
            None => self.begins(&decoded(path)).then_some(""),
        }
    }

    fn begins(&self, path: &[u8]) -> bool {
        path.starts_with(self.0.as_bytes())
    }
}

/// The path without its percent-encoding (RFC 3986, section 2.1).
fn decoded(path: &str) -> Vec<u8> {
    let mut rest = path.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    while let [first, after @ ..] = rest {
        let encoded = (*first == b'%')
            .then(|| after.get(..2).and_then(byte))
            .flatten();
        decoded.push(encoded.unwrap_or(*first));
        rest = if encoded.is_some() {
            &after[2..]
        } else {
            after
        };
    }
    decoded
}

fn byte(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_segment_after_the_prefix_and_nothing_else() {
        let prefix: PathPrefix = "/t".parse().unwrap();
        assert_eq!(Ok(prefix.clone()), "/t/".parse());
        let table = [
            ("/t/acme/invoices", Some("acme")),
            ("/t/acme", Some("acme")),
            ("/t/acme/", Some("acme")),
            ("/t/", Some("")),
            ("/t//acme", Some("")),
            ("/t/%61cme", Some("%61cme")),
            ("/t/../t/acme", Some("..")),
            ("/%74/acme", Some("")),
            ("/t%2facme", Some("")),
            ("/%2", None),
            ("/%zz/t/", None),
            ("/t", None),
            ("/", None),
            ("//t/acme", None),
            ("/T/acme", None),
            ("/tt/acme", None),
            ("/api/t/acme", None),
        ];
        for (path, expected) in table {
            assert_eq!(prefix.segment(path), expected, "{path}");
        }
    }

    #[test]
    fn a_prefix_is_a_plain_absolute_path() {
        for text in ["", "/", "t", "//", "/t//u", "/%74", "/t?x", "/..", "/t u"] {
            assert_eq!(
                text.parse::<PathPrefix>(),
                Err(InvalidPathPrefix),
                "{text:?}"
            );
        }
    }
}
