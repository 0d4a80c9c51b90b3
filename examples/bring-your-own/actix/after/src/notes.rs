use actix_web::web::Json;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::session::caller;
use crate::state::Shared;

#[derive(Serialize, sqlx::FromRow)]
pub(crate) struct Note {
    text: String,
    words: Option<i32>,
}

#[derive(Deserialize)]
pub(crate) struct NewNote {
    text: String,
}

pub(crate) async fn list(app: Shared, request: HttpRequest) -> Result<Json<Vec<Note>>, Failure> {
    let author = caller(&app, &request)?;
    let notes = sqlx::query_as("SELECT text, words FROM notes WHERE author = $1 ORDER BY id");
    Ok(Json(notes.bind(author).fetch_all(&app.pool).await?))
}

pub(crate) async fn add(
    app: Shared,
    request: HttpRequest,
    Json(new): Json<NewNote>,
) -> Result<HttpResponse, Failure> {
    let author = caller(&app, &request)?;
    let mut tx = app.pool.begin().await?;
    let add = "INSERT INTO notes (author, text) VALUES ($1, $2) RETURNING id";
    let note: i64 = sqlx::query_scalar(add)
        .bind(author)
        .bind(new.text)
        .fetch_one(&mut *tx)
        .await?;
    sqlx::query("INSERT INTO jobs (note) VALUES ($1)")
        .bind(note)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    app.tenant.notify();
    Ok(HttpResponse::Created().finish())
}
