use multitenant_core::TenantId;
use multitenant_core::tenant::TenantCache;

async fn wrong(cache: TenantCache<String>) {
    let _ = cache.get("acme").await;
}

fn right(text: &str) -> Option<TenantId> {
    text.parse().ok()
}

fn main() {}
