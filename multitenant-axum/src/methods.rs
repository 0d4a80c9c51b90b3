use axum::http::Method;
use axum::routing::MethodRouter;

const ALL: [(&str, Method); 9] = [
    ("get", Method::GET),
    ("head", Method::HEAD),
    ("delete", Method::DELETE),
    ("options", Method::OPTIONS),
    ("patch", Method::PATCH),
    ("post", Method::POST),
    ("put", Method::PUT),
    ("trace", Method::TRACE),
    ("connect", Method::CONNECT),
];

/// The methods that have a handler of their own.
///
/// A `MethodRouter` tells them nowhere but in its `Debug`, one field a method. They serve as a
/// list to read and to test by, never to decide; the test below notices when axum prints
/// otherwise.
pub(crate) fn of<S>(methods: &MethodRouter<S>) -> Vec<Method> {
    let printed = format!("{methods:?}");
    let handled = |name: &str| {
        let field = format!(" {name}: ");
        let (_, value) = printed.split_once(&field)?;
        (!value.starts_with("None")).then_some(())
    };
    let own = ALL.iter().filter(|(name, _)| handled(name).is_some());
    own.map(|(_, method)| method.clone()).collect()
}

#[cfg(test)]
mod tests {
    use axum::routing::{MethodFilter, any, get, on, post_service};

    use super::*;

    async fn handler() {}

    #[test]
    fn a_method_router_tells_its_methods() {
        let service = get(handler).with_state(());
        let table: [(MethodRouter, &[Method]); 5] = [
            (get(handler), &[Method::GET]),
            (get(handler).post(handler), &[Method::GET, Method::POST]),
            (on(MethodFilter::PUT, handler), &[Method::PUT]),
            (post_service(service), &[Method::POST]),
            (any(handler), &[]),
        ];
        for (methods, expected) in table {
            assert_eq!(of(&methods), expected);
        }
        let every: MethodRouter = ALL.iter().fold(MethodRouter::new(), |router, (_, method)| {
            router.on(MethodFilter::try_from(method.clone()).unwrap(), handler)
        });
        assert_eq!(of(&every).len(), ALL.len());
    }
}
