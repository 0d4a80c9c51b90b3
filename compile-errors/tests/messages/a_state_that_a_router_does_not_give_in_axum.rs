use axum::Router;
use axum::routing::get;
use multitenant_axum::TenantState;

#[derive(Clone)]
struct Settings;

async fn show(_: TenantState<Settings>) -> &'static str {
    "{}"
}

fn main() {
    let _: Router = Router::new().route("/settings", get(show));
}
