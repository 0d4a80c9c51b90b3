//! Notes of several people, with a worker that counts their words.

mod failure;
mod notes;
mod session;
mod state;
mod token;
mod users;
pub mod worker;

use axum::Router;
use axum::routing::{get, post};

pub use state::AppState;

/// The application's routes.
pub fn app(state: AppState) -> Router {
    Router::new()
        .route("/sign-up", post(session::sign_up))
        .route("/sign-in", post(session::sign_in))
        .route("/notes", get(notes::list).post(notes::add))
        .with_state(state)
}
