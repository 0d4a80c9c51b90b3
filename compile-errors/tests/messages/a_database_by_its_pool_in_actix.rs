use multitenant_actix::Db;

async fn list(Db(db): Db<sqlx::PgPool>) -> &'static str {
    let _ = db;
    "[]"
}

fn main() {
    let _ = list;
}
