use multitenant_core::tenant::PgTenant as PgPool;

pub(crate) async fn add(pool: &PgPool, email: &str, password: &str) -> sqlx::Result<i64> {
    let add = "INSERT INTO users (email, password_hash)
               VALUES ($1, crypt($2, gen_salt('bf', 4))) RETURNING id";
    sqlx::query_scalar(add)
        .bind(email)
        .bind(password)
        .fetch_one(pool)
        .await
}

pub(crate) async fn find(pool: &PgPool, email: &str, password: &str) -> sqlx::Result<Option<i64>> {
    let find = "SELECT id FROM users
                WHERE email = $1::citext AND password_hash = crypt($2, password_hash)";
    sqlx::query_scalar(find)
        .bind(email)
        .bind(password)
        .fetch_optional(pool)
        .await
}
