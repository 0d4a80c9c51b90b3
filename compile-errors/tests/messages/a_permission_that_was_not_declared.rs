multitenant_core::permissions! { invoices: [READ, CREATE] }

fn main() {
    let _ = invoices::REED;
}
