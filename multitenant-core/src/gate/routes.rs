use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;

use super::route::Route;
use super::{AccessRule, Gate};

/// Routes that each say who may use them, with what handles each: the part of an adapter's guarded
/// routing that is the same whatever the web framework.
///
/// ```
/// use multitenant_core::gate::{Access, Gate, Routes};
///
/// fn list() {}
///
/// fn routes(gate: Gate) -> Routes<&'static str, fn()> {
///     let mut invoices = Routes::new(gate.clone());
///     invoices.add(vec!["GET"], "/", Access::USER, list as fn());
///     let mut routes = Routes::new(gate);
///     routes.nest("/invoices", invoices);
///     assert_eq!(routes.list()[0].path, "/invoices");
///     routes
/// }
/// ```
pub struct Routes<M, H> {
    gate: Gate,
    routes: Vec<Route<M>>,
    handlers: Vec<H>,
}

/// A path with whatever handles it.
#[derive(Debug)]
pub struct RoutedPath<M, H> {
    /// The path.
    pub path: String,
    /// The methods that it answers to; `GET` answers `HEAD` too.
    pub methods: Vec<M>,
    /// What handles them, in the order in which it was added.
    pub handlers: Vec<H>,
}

impl<M, H> Routes<M, H> {
    /// None yet; those to come ask this gate.
    pub fn new(gate: impl Into<Gate>) -> Self {
        Self {
            gate: gate.into(),
            routes: Vec::new(),
            handlers: Vec::new(),
        }
    }

    /// What decides about requests to them.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Adds a route and what handles it. Without methods it answers to all of them.
    ///
    /// # Panics
    /// While the application starts, on a path that was added with other names of its parameters:
    /// a framework takes the two for two paths, so that the methods of one hide those of the other.
    #[track_caller]
    pub fn add(&mut self, methods: Vec<M>, path: &str, rule: impl AccessRule, handler: H) {
        self.put(Route::new(methods, path, rule.access()), handler);
    }

    /// Adds routes under a prefix, with their rules; under `""` as they are.
    ///
    /// # Panics
    /// As [`add`](Self::add).
    #[track_caller]
    pub fn nest(&mut self, prefix: &str, inner: Self) {
        for (route, handler) in inner.into_handlers() {
            self.put(route.under(prefix), handler);
        }
    }

    #[track_caller]
    #[allow(
        clippy::panic,
        reason = "a route that cannot be served as written ends the start, as documented"
    )]
    fn put(&mut self, route: Route<M>, handler: H) {
        if let Some(other) = route.spelt_twice(&self.routes) {
            let path = &route.path;
            panic!("{path} and {other} are one path: give its parameters the same names in both");
        }
        self.routes.push(route);
        self.handlers.push(handler);
    }

    /// Checks that no path has two handlers for a method: for a framework that would let the first
    /// hide the second.
    ///
    /// # Panics
    /// While the application starts, where one has.
    #[track_caller]
    #[allow(
        clippy::panic,
        reason = "a route that cannot be served as written ends the start, as documented"
    )]
    pub fn expect_one_handler_a_method(&self)
    where
        M: Eq + Hash + fmt::Debug,
    {
        let mut seen = HashSet::new();
        for route in &self.routes {
            let every = route.methods.is_empty().then_some(None);
            for method in route.methods.iter().map(Some).chain(every) {
                if !seen.insert((&route.path, method)) {
                    let path = &route.path;
                    panic!("{path} has a handler for {method:?} already");
                }
            }
        }
    }

    /// Every route, in the order in which they were added.
    #[must_use]
    pub fn list(&self) -> &[Route<M>] {
        &self.routes
    }

    /// Every route with what handles it, in the same order.
    pub fn into_handlers(self) -> impl Iterator<Item = (Route<M>, H)> {
        self.routes.into_iter().zip(self.handlers)
    }

    /// Every path once: for a framework that takes the first path that matches. Of two, the one
    /// with the earlier fixed part comes first.
    #[must_use]
    pub fn into_paths(self) -> Vec<RoutedPath<M, H>> {
        let mut paths: Vec<RoutedPath<M, H>> = Vec::new();
        for (route, handler) in self.into_handlers() {
            match paths.iter_mut().find(|there| there.path == route.path) {
                Some(there) => {
                    there.methods.extend(route.methods);
                    there.handlers.push(handler);
                }
                None => paths.push(RoutedPath {
                    path: route.path,
                    methods: route.methods,
                    handlers: vec![handler],
                }),
            }
        }
        paths.sort_by_cached_key(|there| openness(&there.path));
        paths
    }
}

impl<M: fmt::Display, H> RoutedPath<M, H> {
    /// The value of the header `Allow` of a 405 (RFC 9110, section 10.2.1).
    #[must_use]
    pub fn allow(&self) -> String {
        let mut names: Vec<_> = self.methods.iter().map(M::to_string).collect();
        if names.iter().any(|name| name == "GET") {
            names.push("HEAD".to_owned());
        }
        names.sort_unstable();
        names.dedup();
        names.join(",")
    }
}

/// For each segment whether it is fixed, a parameter, or all the rest.
fn openness(path: &str) -> Vec<u8> {
    let segments = path.split('/').map(|segment| match segment.find('{') {
        None => 0,
        Some(_) if segment.contains('*') => 2,
        Some(_) => 1,
    });
    segments.collect()
}

impl<M: fmt::Debug, H> fmt::Debug for Routes<M, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.routes).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_paths_that_match_the_one_with_the_earlier_fixed_part_comes_first() {
        let mut paths = ["/{*rest}", "/{id}", "/new", "/{id}/lines", "/new/{*rest}"];
        paths.sort_by_key(|path| openness(path));
        let expected = ["/new", "/new/{*rest}", "/{id}", "/{id}/lines", "/{*rest}"];
        assert_eq!(paths, expected);
    }

    #[test]
    fn a_405_names_each_method_once_and_head_beside_get() {
        for (methods, allow) in [
            (&["POST", "GET"][..], "GET,HEAD,POST"),
            (&["HEAD", "GET"], "GET,HEAD"),
            (&["DELETE"], "DELETE"),
        ] {
            let path = RoutedPath {
                path: "/".to_owned(),
                methods: methods.to_vec(),
                handlers: vec![()],
            };
            assert_eq!(path.allow(), allow);
        }
    }
}
