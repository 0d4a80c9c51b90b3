use multitenant_core::tenant::PgTenant;

async fn count(db: PgTenant) -> sqlx::Result<i64> {
    let count = sqlx::query_scalar::<sqlx::Sqlite, i64>("SELECT COUNT(*) FROM invoices");
    count.fetch_one(&db).await
}

fn main() {
    let _ = count;
}
