use std::fmt;

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
    pub(super) fn under(mut self, prefix: &str) -> Self {
        let prefix = prefix.trim_end_matches('/');
        self.path = match self.path.as_str() {
            "/" if !prefix.is_empty() => prefix.to_owned(),
            path => format!("{prefix}{path}"),
        };
        self
    }
}

impl<M> Route<M> {
    /// The path of one of these routes that is the same but for the names of its parameters.
    pub(super) fn spelt_twice<'r>(&self, routes: &'r [Self]) -> Option<&'r str> {
        let shape = shape(&self.path);
        let mut others = routes.iter().map(|route| route.path.as_str());
        others.find(|other| *other != self.path && self::shape(other) == shape)
    }
}

impl<M: fmt::Display> Route<M> {
    /// The same with its methods by name, whatever the framework.
    #[must_use]
    pub fn in_words(&self) -> Route<String> {
        Route {
            methods: self.methods.iter().map(M::to_string).collect(),
            path: self.path.clone(),
            access: self.access,
        }
    }
}

/// A path without the names of its parameters: `/{id}/{*rest}` is `/{}/{*}`, and `/{id:\d{4}}` is
/// `/{:\d{4}}`.
fn shape(path: &str) -> String {
    let (mut depth, mut in_name) = (0_usize, false);
    let mut shape = String::with_capacity(path.len());
    for letter in path.chars() {
        match letter {
            '{' => {
                in_name = depth == 0;
                depth += 1;
            }
            '}' => {
                in_name = false;
                depth = depth.saturating_sub(1);
            }
            ':' => in_name = false,
            _ => {}
        }
        if !in_name || matches!(letter, '{' | '*') {
            shape.push(letter);
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_path_is_spelt_in_one_way() {
        for (one, other, is_clash) in [
            ("/x/{id}", "/x/{name}", true),
            ("/x/{id}", "/x/{id}", false),
            ("/x/{id}/y", "/x/{name}/y", true),
            ("/x/{id}/y", "/x/{name}/z", false),
            ("/x/{id}", "/x/me", false),
            ("/x/{id}", "/x/{*rest}", false),
            ("/x/{*all}", "/x/{*rest}", true),
            ("/x/{all}*", "/x/{rest}*", true),
            (r"/x/{id:\d{4}}", r"/x/{name:\d{4}}", true),
            (r"/x/{id:\d{4}}", r"/x/{name:\d{2}}", false),
            (r"/x/{id:\d{4}}", "/x/{name}", false),
            ("/x/{{id}}", "/x/{{name}}", false),
        ] {
            let route = |path| Route::new(vec!["GET"], path, Access::USER);
            let routes = [route("/"), route(other)];
            let twice = route(one).spelt_twice(&routes);
            assert_eq!(twice, is_clash.then_some(other), "{one} {other}");
        }
    }

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
