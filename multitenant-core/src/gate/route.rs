use super::Access;

/// A route as it was added to an adapter's list, with the framework's own type for a method.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route<M> {
    /// The methods that it answers to; `GET` answers `HEAD` too. Empty: all of them.
    pub methods: Vec<M>,
    /// Its path, with the prefixes under which it was nested.
    pub path: String,
    /// Who may use it.
    pub access: Access,
}

impl<M> Route<M> {
    /// A route at `path`.
    pub fn new(methods: Vec<M>, path: &str, access: Access) -> Self {
        Self {
            methods,
            path: path.to_owned(),
            access,
        }
    }

    /// The same under a prefix, with which its own root is one.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        let prefix = prefix.trim_end_matches('/');
        self.path = match self.path.as_str() {
            "/" if !prefix.is_empty() => prefix.to_owned(),
            path => format!("{prefix}{path}"),
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nested_route_has_its_prefix() {
        for (path, prefix, expected) in [
            ("/", "/lines", "/lines"),
            ("/{id}", "/lines", "/lines/{id}"),
            ("/{id}", "/lines/", "/lines/{id}"),
            ("/", "/", "/"),
            ("/a", "/", "/a"),
        ] {
            let route = Route::new(vec!["GET"], path, Access::USER).under(prefix);
            assert_eq!(route.path, expected);
        }
    }
}
