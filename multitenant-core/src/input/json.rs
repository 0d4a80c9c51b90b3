use serde::de::DeserializeOwned;

use super::fault::unacceptable;
use super::object::Objects;
use crate::{Code, Problem};

/// Reads a JSON body (RFC 8259) with its `Content-Type`.
///
/// ```
/// use multitenant_core::{Code, input};
///
/// #[derive(serde::Deserialize)]
/// #[serde(rename_all = "camelCase", deny_unknown_fields)]
/// struct NewInvoice { total_minor: i64 }
///
/// let body = br#"{"totalMinor": "12"}"#;
/// let problem = input::json::<NewInvoice>(Some(b"application/json"), body).err();
/// let problem = problem.ok_or("a text is no number")?;
/// assert_eq!(problem.code, Code::ValidationFailed);
/// assert_eq!(problem.errors[0].field, "totalMinor");
/// # Ok::<(), &str>(())
/// ```
///
/// A struct is read from an object alone, and so are the structs within it: the list of a struct's
/// values, which serde's derive takes too, is refused. What serde must keep aside before it knows
/// what it is stays as serde reads it: the insides of an untagged or internally tagged enum, and of
/// a flattened field.
///
/// # Errors
/// [`Code::UnsupportedMediaType`] where it is not said to be JSON in UTF-8;
/// [`Code::BodyMalformed`] where it is not; [`Code::ValidationFailed`] with the first offending
/// field where it is not a `T`.
pub fn json<T: DeserializeOwned>(content_type: Option<&[u8]>, body: &[u8]) -> Result<T, Problem> {
    expect_json(content_type)?;
    json_text(body)
}

/// Checks every value of the header `Content-Type` that came, so that a body which is not wanted
/// need not be read.
///
/// # Errors
/// [`Code::UnsupportedMediaType`] where there is not one, or it is not JSON in UTF-8.
pub fn expect_json<'h>(values: impl IntoIterator<Item = &'h [u8]>) -> Result<(), Problem> {
    let mut values = values.into_iter();
    let only = values.next().filter(|_| values.next().is_none());
    if only.is_some_and(is_json) {
        return Ok(());
    }
    let detail = "send the body as Content-Type: application/json";
    Err(Problem::new(Code::UnsupportedMediaType, detail))
}

/// Reads a JSON body whose `Content-Type` was [checked](expect_json).
///
/// # Errors
/// [`Code::BodyMalformed`] and [`Code::ValidationFailed`], as for [`json`].
pub fn json_text<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| malformed("the body is not UTF-8"))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value =
        serde_path_to_error::deserialize(Objects(&mut reader)).map_err(|error| {
            match error.inner().classify() {
                serde_json::error::Category::Data => unacceptable(error.path(), error.inner()),
                _ => malformed(format!("the body is not JSON: {}", error.inner())),
            }
        })?;
    let end = reader.end();
    end.map_err(|error| malformed(format!("the body is not JSON: {error}")))?;
    Ok(value)
}

/// Most bytes of a body that both adapters' guarded routes take, where the application says nothing
/// else by the means of its framework: 2 MiB, as axum does.
pub const BODY_LIMIT: usize = 2 * 1024 * 1024;

/// The problem of a body that is larger than is taken.
#[must_use]
pub fn too_large() -> Problem {
    let detail = "send a smaller body, or the same in several requests";
    Problem::new(Code::BodyTooLarge, detail)
}

/// The problem of a body that broke off, or whose framing cannot be read.
#[must_use]
pub fn broken_off() -> Problem {
    malformed("the body did not arrive in full")
}

fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(Code::BodyMalformed, detail)
}

/// `application/json` or a `+json` type of one's own; in UTF-8, where it says in what.
fn is_json(content_type: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(content_type) else {
        return false;
    };
    let text = text.to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let subtype = parts
        .next()
        .and_then(|kind| kind.strip_prefix("application/"));
    let is_json = subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"));
    let charset = parts.find_map(|parameter| parameter.strip_prefix("charset="));
    is_json && charset.is_none_or(|charset| charset.trim_matches('"') == "utf-8")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[allow(dead_code, reason = "only whether it can be read matters")]
    struct Order {
        name: String,
        line_items: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only whether it can be read matters")]
    struct Line {
        quantity: u8,
    }

    const JSON: Option<&[u8]> = Some(b"application/json");

    fn refused(content_type: Option<&[u8]>, body: &[u8]) -> Option<(Code, String)> {
        let problem = json::<Order>(content_type, body).err()?;
        let field = problem.errors.first().map(|error| error.field.clone());
        Some((problem.code, field.unwrap_or_default()))
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        let table: [&[u8]; 7] = [
            b"",
            b"{",
            br#"{"name": "a", "lineItems": []"#,
            br#"{"name": "a", "lineItems": []} x"#,
            b"{\"name\": \"\xff\", \"lineItems\": []}",
            br#"{"name": NaN}"#,
            br#"{"name": "\ud800"}"#,
        ];
        for body in table {
            let malformed = Some((Code::BodyMalformed, String::new()));
            assert_eq!(refused(JSON, body), malformed, "{body:?}");
        }
    }

    #[test]
    fn the_offending_field_is_named() {
        let deep = "[".repeat(100_000);
        for (body, field) in [
            (r#"[]"#, "."),
            (r#"null"#, "."),
            (deep.as_str(), "."),
            (r#"["a", [{"quantity": 1}]]"#, "."),
            (r#"{"name": 1}"#, "name"),
            (r#"{"lineItems": []}"#, "name"),
            (r#"{"name": "a", "name": "b"}"#, "name"),
            (r#"{"name": "a", "isAdmin": true}"#, "isAdmin"),
            (r#"{"name": "a", "lineItems": [[1]]}"#, "lineItems[0]"),
            (r#"{"lineItems": [{}]}"#, "lineItems[0].quantity"),
            (
                r#"{"lineItems": [{"quantity": 1}, {"quantity": 256}]}"#,
                "lineItems[1].quantity",
            ),
        ] {
            let invalid = Some((Code::ValidationFailed, field.to_owned()));
            assert_eq!(refused(JSON, body.as_bytes()), invalid, "{field}");
        }
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Point {
        x: u8,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Shape {
        Dot,
        At(Point),
        Between(Point, Point),
        Box { corner: Point },
    }

    #[test]
    fn a_struct_is_read_from_an_object_wherever_it_stands() {
        use std::collections::BTreeMap;

        fn refused<T: DeserializeOwned>(body: &str) -> bool {
            json_text::<T>(body.as_bytes()).is_err()
        }
        assert!(refused::<Option<Point>>("[1]"));
        assert!(refused::<Vec<Point>>("[[1]]"));
        assert!(refused::<(u8, Point)>("[1, [1]]"));
        assert!(refused::<BTreeMap<String, Point>>(r#"{"a": [1]}"#));
        assert!(refused::<Shape>(r#"{"At": [1]}"#));
        assert!(refused::<Shape>(r#"{"Between": [{"x": 1}, [2]]}"#));
        assert!(refused::<Shape>(r#"{"Box": [{"x": 1}]}"#));
        assert!(refused::<Shape>(r#"{"Box": {"corner": [1]}}"#));
        let shapes = br#"["Dot", {"At": {"x": 1}}, {"Between": [{"x": 1}, {"x": 2}]}, {"Box": {"corner": {"x": 3}}}]"#;
        let (one, two, three) = (Point { x: 1 }, Point { x: 2 }, Point { x: 3 });
        let expected = vec![
            Shape::Dot,
            Shape::At(Point { x: 1 }),
            Shape::Between(one, two),
            Shape::Box { corner: three },
        ];
        assert_eq!(json_text::<Vec<Shape>>(shapes), Ok(expected));
    }

    #[test]
    fn whatever_else_is_wanted_than_a_struct_is_read_as_it_is() {
        assert_eq!(json_text::<Vec<u8>>(b"[1, 2]"), Ok(vec![1, 2]));
        assert_eq!(
            json_text::<(u8, String)>(b"[1, \"a\"]"),
            Ok((1, "a".to_owned()))
        );
        assert_eq!(json_text::<Option<u8>>(b"null"), Ok(None));
        assert_eq!(json_text::<Option<u8>>(b"7"), Ok(Some(7)));
        assert_eq!(json_text::<String>(b"\"a\""), Ok("a".to_owned()));
    }

    #[test]
    fn which_content_types_are_json() {
        let body = b"{\"name\": \"a\", \"lineItems\": []}";
        for accepted in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/merge-patch+json",
        ] {
            assert_eq!(refused(Some(accepted.as_bytes()), body), None, "{accepted}");
        }
        let refusal = Some((Code::UnsupportedMediaType, String::new()));
        assert_eq!(refused(None, body), refusal);
        for other in [
            &b""[..],
            b"text/plain",
            b"application/jsonx",
            b"text/json",
            b"application/json; charset=latin1",
            b"\xff",
        ] {
            assert_eq!(refused(Some(other), body), refusal, "{other:?}");
        }
    }

    #[test]
    fn a_field_s_message_has_no_position() {
        let problem = json::<Order>(JSON, b"{\"name\": 1}").unwrap_err();
        let message = &problem.errors[0].message;
        assert_eq!(message, "invalid type: integer `1`, expected a string");
    }
}
