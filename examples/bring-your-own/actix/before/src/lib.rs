//! Notes of several people, with a worker that counts their words.

mod failure;
mod notes;
mod session;
mod state;
mod token;
mod users;
pub mod worker;

use actix_web::web::{ServiceConfig, get, post};

pub use state::AppState;

/// The application's routes.
pub fn app(services: &mut ServiceConfig) {
    services
        .route("/sign-up", post().to(session::sign_up))
        .route("/sign-in", post().to(session::sign_in))
        .route("/notes", get().to(notes::list))
        .route("/notes", post().to(notes::add));
}
