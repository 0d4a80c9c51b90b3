use multitenant_actix::{Guarded, get};
use multitenant_core::gate::{Access, Gate};

struct Basket;

async fn list(_: Basket) -> &'static str {
    "[]"
}

fn routes(gate: Gate) -> Guarded {
    Guarded::new(gate).route(Access::USER, "/basket", get(list))
}

fn main() {}
