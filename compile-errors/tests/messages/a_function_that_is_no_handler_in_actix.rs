use multitenant_actix::{Guarded, get};
use multitenant_core::gate::{Access, Gate};

struct NoResponder;

async fn list() -> NoResponder {
    NoResponder
}

fn routes(gate: Gate) -> Guarded {
    Guarded::new(gate).route(Access::USER, "/invoices", get(list))
}

fn main() {}
