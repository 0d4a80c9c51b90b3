use multitenant_actix::Db;

async fn list(Db(db): Db<sqlx::Any>) -> &'static str {
    let _ = db;
    "[]"
}

fn main() {
    let _ = list;
}
