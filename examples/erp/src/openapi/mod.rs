//! The document of all routes (OpenAPI 3.1), made from the code: what a handler takes and answers
//! stands with it, what can go wrong follows from its route's rule.

mod errors;
mod finish;
mod problem;

use multitenant_axum::Route;
use serde_json::Value;
use utoipa::OpenApi;

use crate::{client, docs, enterprise, health};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "ERP server",
        description = "An ERP for many clients, each with a database of its own. The platform's \
            staff look after clients under `/api/enterprise`; a client's people work under \
            `/api/client`. Sign in, and send the token as `Authorization: Bearer …`. A client is \
            named by the token; where there is none, by the host or by the header `x-tenant-id`. \
            Every error is a problem (RFC 9457) with a stable `code`."
    ),
    nest(
        (path = "/api/enterprise", api = enterprise::Documented),
        (path = "/api/client", api = client::Documented)
    ),
    components(schemas(problem::Problem))
)]
struct Documented;

/// The document of `routes` and of the probes.
#[must_use]
pub fn document(routes: &[Route]) -> Value {
    let mut document = Documented::openapi();
    document.merge(health::Documented::openapi());
    document.merge(docs::Documented::openapi());
    // Texts, numbers and lists alone: there is nothing that could not be written.
    let document = serde_json::to_value(document).unwrap_or_default();
    finish::finish(document, routes)
}

#[cfg(test)]
mod tests {
    use multitenant_core::Code;

    use super::*;

    #[test]
    fn every_code_that_stands_with_a_handler_is_one() {
        let document = serde_json::to_value(Documented::openapi()).unwrap();
        let items = document["paths"].as_object().unwrap().values();
        let operations = items.flat_map(|item| item.as_object().unwrap().values());
        let own = operations.filter_map(|of| of["x-problems"].as_array());
        let own: Vec<_> = own.flatten().map(|code| code.as_str().unwrap()).collect();
        assert!(own.len() > 10);
        for code in own {
            assert!(
                Code::ALL.iter().any(|known| known.as_str() == code),
                "{code}"
            );
        }
    }
}
