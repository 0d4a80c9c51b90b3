//! What can go wrong at a route.

use multitenant_core::gate::Access;
use multitenant_core::{Code, FieldError, Problem};
use serde_json::{Map, Value, json};

/// The member of an operation that names what only its own handler refuses.
const OWN: &str = "x-problems";

/// Every code that an operation can answer with: by its route's rule, by what it takes, and its
/// handler's own. `access` is `None` for the probes, which no rule guards and no rate limits.
pub(super) fn codes(operation: &Value, access: Option<Access>) -> Vec<Code> {
    let mut found = vec![Code::RequestTimeout, Code::Internal];
    if let Some(access) = access {
        found.extend([Code::RateLimited, Code::Unavailable]);
        found.extend(by_rule(access));
    }
    found.extend(by_input(operation));
    let own = operation[OWN].as_array().into_iter().flatten();
    found.extend(own.filter_map(|word| code(word.as_str()?)));
    let all = Code::ALL.iter().copied();
    all.filter(|code| found.contains(code)).collect()
}

fn code(word: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.as_str() == word)
}

fn by_rule(access: Access) -> Vec<Code> {
    const TOKEN: [Code; 6] = [
        Code::TokenMissing,
        Code::TokenInvalid,
        Code::TokenExpired,
        Code::TokenRevoked,
        Code::WrongRealm,
        Code::AccountSuspended,
    ];
    const TENANT: [Code; 4] = [
        Code::TenantMismatch,
        Code::TenantSuspended,
        Code::TenantUnknown,
        Code::TenantUnavailable,
    ];
    let (whose, due): (&[&[Code]], bool) = match access {
        Access::TenantHint => (&[&[Code::TenantRequired, Code::TenantMismatch]], false),
        Access::User {
            while_password_change_due,
        } => (&[&TOKEN, &TENANT], !while_password_change_due),
        Access::Permission(_) => (&[&TOKEN, &TENANT, &[Code::PermissionDenied]], true),
        Access::Staff {
            while_password_change_due,
            ..
        } => (
            &[&TOKEN, &[Code::PermissionDenied]],
            !while_password_change_due,
        ),
        _ => (&[], false),
    };
    let mut codes = whose.concat();
    codes.extend(due.then_some(Code::PasswordChangeRequired));
    codes
}

fn by_input(operation: &Value) -> Vec<Code> {
    const BODY: [Code; 4] = [
        Code::BodyMalformed,
        Code::BodyTooLarge,
        Code::UnsupportedMediaType,
        Code::ValidationFailed,
    ];
    let parameters = operation["parameters"].as_array();
    let is_in = |place: &str| parameters.is_some_and(|all| all.iter().any(|it| it["in"] == place));
    let mut codes = Vec::new();
    if operation.get("requestBody").is_some() {
        codes.extend(BODY);
    }
    codes.extend(is_in("query").then_some(Code::ValidationFailed));
    codes.extend(is_in("path").then_some(Code::NotFound));
    codes
}

/// The answers of an operation that fails, one a status, with an example of each code.
pub(super) fn responses(codes: &[Code]) -> Map<String, Value> {
    let mut responses = Map::new();
    for code in codes {
        let status = code.status();
        let same: Vec<_> = codes.iter().filter(|it| it.status() == status).collect();
        responses
            .entry(status.to_string())
            .or_insert_with(|| response(status, &same));
    }
    responses
}

fn response(status: u16, codes: &[&Code]) -> Value {
    let words: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    let titles: Vec<_> = codes.iter().map(|code| code.title()).collect();
    let examples: Map<_, _> = codes.iter().map(|code| example(**code)).collect();
    let only =
        json!({ "properties": { "status": { "const": status }, "code": { "enum": words } } });
    let schema = json!({ "allOf": [{ "$ref": "#/components/schemas/Problem" }, only] });
    json!({
        "description": titles.join("; "),
        "headers": headers(status),
        "content": { Problem::MEDIA_TYPE: { "schema": schema, "examples": examples } },
    })
}

fn headers(status: u16) -> Value {
    match status {
        401 => json!({ "WWW-Authenticate": {
            "description": "How to authenticate", "required": true, "schema": { "const": "Bearer" },
        } }),
        429 | 503 => json!({ "Retry-After": {
            "description": "When to try again, in seconds",
            "required": true,
            "schema": { "type": "integer", "minimum": 0 },
        } }),
        _ => json!({}),
    }
}

fn example(code: Code) -> (String, Value) {
    let problem = match code {
        Code::ValidationFailed => {
            let why = "expected 1 to 200 characters, none of them a control character";
            Problem::invalid(vec![FieldError::new("name", why)])
        }
        code => code.into(),
    };
    let mut value = serde_json::to_value(problem.document()).unwrap_or_default();
    value["requestId"] = json!("0190f5fe-7c3a-7d10-9c0e-5a1b2c3d4e5f");
    (code.to_string(), json!({ "value": value }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_library_writes_of_a_problem_is_in_its_schema() {
        use utoipa::{PartialSchema, openapi::RefOr};
        let RefOr::T(schema) = super::super::problem::Problem::schema() else {
            panic!("a schema, and no reference to one")
        };
        let schema = serde_json::to_value(schema).unwrap();
        let (_, example) = example(Code::ValidationFailed);
        let written = example["value"].as_object().unwrap();
        let known = schema["properties"].as_object().unwrap();
        assert_eq!(
            written.keys().collect::<std::collections::BTreeSet<_>>(),
            known.keys().collect()
        );
    }
}
