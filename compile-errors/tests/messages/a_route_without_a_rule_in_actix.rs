use multitenant_actix::{Guarded, get};
use multitenant_core::gate::Gate;

async fn list() -> &'static str {
    "[]"
}

fn routes(gate: Gate) -> Guarded {
    Guarded::new(gate).route("invoices:read", "/invoices", get(list))
}

fn main() {}
