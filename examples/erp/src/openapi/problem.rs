use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong (RFC 9457).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(
    dead_code,
    reason = "it stands for what the library writes, in the document alone"
)]
pub(super) struct Problem {
    /// The path of the page that explains the code.
    #[serde(rename = "type")]
    kind: String,
    /// A few words that never vary between two problems of one code.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// A sentence one can act on; it may change.
    detail: String,
    /// The stable code.
    code: String,
    /// The request's id, as in the header `x-request-id`.
    #[schema(required = false)]
    request_id: String,
    /// Every offending field, for `validation_failed`.
    #[schema(required = false)]
    errors: Vec<FieldError>,
}

/// One offending field of a request.
#[derive(Serialize, ToSchema)]
#[allow(
    dead_code,
    reason = "it stands for what the library writes, in the document alone"
)]
struct FieldError {
    /// The field's path as the caller wrote it, such as `lineItems[2].quantity`.
    field: String,
    /// What is wrong with it and what is expected.
    message: String,
}
