use axum::routing::get;
use multitenant_axum::Guarded;
use multitenant_core::gate::Gate;

fn routes(gate: Gate) -> Guarded {
    Guarded::new(gate).route("invoices:read", "/invoices", get(async || "[]"))
}

fn main() {}
