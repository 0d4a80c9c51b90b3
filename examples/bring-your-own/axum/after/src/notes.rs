use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use multitenant_core::tenant::PgTenant as PgPool;
use serde::{Deserialize, Serialize};

use crate::AppState;
use crate::failure::Failure;
use crate::session::Caller;

#[derive(Serialize, sqlx::FromRow)]
pub(crate) struct Note {
    text: String,
    words: Option<i32>,
}

#[derive(Deserialize)]
pub(crate) struct NewNote {
    text: String,
}

pub(crate) async fn list(
    State(pool): State<PgPool>,
    Caller(author): Caller,
) -> Result<Json<Vec<Note>>, Failure> {
    let notes = sqlx::query_as("SELECT text, words FROM notes WHERE author = $1 ORDER BY id");
    Ok(Json(notes.bind(author).fetch_all(&pool).await?))
}

pub(crate) async fn add(
    State(app): State<AppState>,
    Caller(author): Caller,
    Json(new): Json<NewNote>,
) -> Result<StatusCode, Failure> {
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
    Ok(StatusCode::CREATED)
}
