use serde::de::DeserializeOwned;
use serde_urlencoded::Deserializer;

use super::fault::unacceptable;
use crate::Problem;

/// Reads a query, still percent-encoded and without its question mark.
///
/// # Errors
/// [`Code::ValidationFailed`](crate::Code::ValidationFailed) with the first offending field.
pub fn query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(pairs)
        .map_err(|error| unacceptable(error.path(), error.inner()))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Paging {
        page: Option<u32>,
        search: Option<String>,
    }

    #[test]
    fn a_query_is_read_field_by_field() {
        let read = query::<Paging>("page=2&search=a%20b").unwrap();
        let search = Some("a b".to_owned());
        assert_eq!(
            read,
            Paging {
                page: Some(2),
                search
            }
        );
        for (text, field) in [
            ("page=two", "page"),
            ("page=-1", "page"),
            ("page=1&page=2", "page"),
            ("pages=1", "pages"),
        ] {
            let problem = query::<Paging>(text).unwrap_err();
            assert_eq!(problem.errors[0].field, field, "{text}");
        }
    }
}
