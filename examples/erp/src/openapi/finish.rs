//! What follows for every operation from its place and its route's rule.

use multitenant_axum::Route;
use multitenant_core::gate::Access;
use serde_json::{Map, Value, json};

use super::errors;

/// Where an operation stands in the document, by the beginning of its path.
const TAGS: [(&str, &str, &str); 8] = [
    (
        "/api/enterprise/auth",
        "staff: oneself",
        "The platform's staff sign in and out.",
    ),
    (
        "/api/enterprise/clients",
        "staff: clients",
        "The platform's staff look after clients.",
    ),
    (
        "/api/enterprise/servers",
        "staff: servers",
        "The database servers that hold clients' databases.",
    ),
    (
        "/api/client/auth",
        "client: oneself",
        "A client's people sign in and out.",
    ),
    ("/api/client/ping", "client: oneself", ""),
    (
        "/api/client/users",
        "client: people",
        "A client's people look after each other.",
    ),
    ("/api/client", "client: people", ""),
    ("/", "server", "How the server is, and what it offers."),
];

/// The realms' bearer tokens.
const STAFF: &str = "staff";
const USER: &str = "user";

pub(super) fn finish(mut document: Value, routes: &[Route]) -> Value {
    document["components"]["securitySchemes"] = json!({
        STAFF: bearer("A token of POST /api/enterprise/auth/login."),
        USER: bearer("A token of POST /api/client/auth/login; it names its client."),
    });
    document["tags"] = tags();
    let paths = document["paths"].as_object_mut();
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let access = access_of(routes, method, path);
            finish_operation(operation, path, access);
        }
    }
    document
}

fn bearer(description: &str) -> Value {
    json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": description })
}

fn tags() -> Value {
    let described = TAGS
        .iter()
        .filter(|(.., description)| !description.is_empty());
    described
        .map(|(_, name, description)| json!({ "name": name, "description": description }))
        .collect()
}

fn access_of(routes: &[Route], method: &str, path: &str) -> Option<Access> {
    let answers = |route: &&Route| {
        let mut methods = route.methods.iter();
        route.path == path && methods.any(|own| own.as_str().eq_ignore_ascii_case(method))
    };
    routes.iter().find(answers).map(|route| route.access)
}

fn finish_operation(operation: &mut Value, path: &str, access: Option<Access>) {
    let codes = errors::codes(operation, access);
    let tag = TAGS.iter().find(|(start, ..)| path.starts_with(start));
    operation["tags"] = json!(tag.map(|(_, name, _)| [name]));
    operation["operationId"] = json!(operation_id(path, operation["operationId"].as_str()));
    if let Some(scheme) = access.and_then(scheme) {
        operation["security"] = json!([{ scheme: [] }]);
    }
    if access == Some(Access::TenantHint) {
        name_tenant(operation);
    }
    if let Some(members) = operation.as_object_mut() {
        members.remove("x-problems");
    }
    let mut responses = errors::responses(&codes);
    responses.extend(own_responses(operation));
    for response in responses.values_mut() {
        response["headers"]["x-request-id"] = json!({
            "description": "Names the request in the server's log; the caller's own where it is a sane one",
            "required": true,
            "schema": { "type": "string", "maxLength": 128 },
        });
    }
    operation["responses"] = Value::Object(responses);
}

/// What stands with the handler comes before what follows from the rule.
fn own_responses(operation: &mut Value) -> Map<String, Value> {
    match operation["responses"].take() {
        Value::Object(own) => own,
        _ => Map::new(),
    }
}

/// The words of the path, and the handler's name where it says more.
fn operation_id(path: &str, handler: Option<&str>) -> String {
    let segments = path.split('/');
    let is_word =
        |segment: &&str| !segment.is_empty() && *segment != "api" && !segment.starts_with('{');
    let mut words: Vec<_> = segments.filter(is_word).collect();
    words.extend(handler.filter(|handler| words.last() != Some(handler)));
    words.join("_").replace('.', "_")
}

fn scheme(access: Access) -> Option<&'static str> {
    match access {
        Access::Staff { .. } => Some(STAFF),
        Access::User { .. } | Access::Permission(_) => Some(USER),
        _ => None,
    }
}

fn name_tenant(operation: &mut Value) {
    let header = json!({
        "name": "x-tenant-id",
        "in": "header",
        "required": false,
        "description": "The client's slug or id, where the host does not name it",
        "schema": { "type": "string" },
        "example": "acme",
    });
    match operation["parameters"].as_array_mut() {
        Some(parameters) => parameters.push(header),
        None => operation["parameters"] = json!([header]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_named_by_its_path_and_its_handler() {
        for (path, handler, id) in [
            ("/api/client/auth/login", "login", "client_auth_login"),
            (
                "/api/enterprise/clients/{id}",
                "show",
                "enterprise_clients_show",
            ),
            ("/api/openapi.json", "document", "openapi_json_document"),
        ] {
            assert_eq!(operation_id(path, Some(handler)), id);
        }
    }
}
