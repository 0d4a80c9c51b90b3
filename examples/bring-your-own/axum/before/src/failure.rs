use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// Why a request failed.
pub(crate) enum Failure {
    Unauthorized,
    Conflict,
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(refused) if refused.is_unique_violation() => Self::Conflict,
            _ => Self::Database(error),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "sign in first".to_owned()),
            Self::Conflict => (StatusCode::CONFLICT, "there is one already".to_owned()),
            Self::Database(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        };
        (status, text).into_response()
    }
}
