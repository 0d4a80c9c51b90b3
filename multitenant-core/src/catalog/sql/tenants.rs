use serde_json::{Map, Value, json};

use crate::catalog::error::Read;
use crate::catalog::search::containing;
use crate::catalog::{
    AuditEntry, CatalogError, Listed, NewTenant, Page, Placement, SealedSecret, TenantFilter,
    TenantPatch, TenantRow,
};
use crate::directory::TenantStatus;
use crate::engine::AnyPool;
use crate::events::EventKind;
use crate::{ServerId, Slug, TenantId, Timestamp, on};

use super::Write;

macro_rules! columns {
    () => {
        "id, slug, name, status, tier, business_type, segment, admin_email, server_id, db_name, \
         db_role, secret, schema_version, created_at, updated_at"
    };
}

macro_rules! wanted {
    () => {
        " FROM mt_tenants WHERE ($1 IS NULL OR status = $1) AND ($2 IS NULL \
         OR LOWER(name) LIKE $2 ESCAPE '!' OR slug LIKE $2 ESCAPE '!' \
         OR LOWER(admin_email) LIKE $2 ESCAPE '!')"
    };
}

#[derive(sqlx::FromRow)]
struct StoredTenant {
    id: TenantId,
    slug: String,
    name: String,
    status: String,
    tier: String,
    business_type: Option<String>,
    segment: Option<String>,
    admin_email: Option<String>,
    server_id: String,
    db_name: Option<String>,
    db_role: Option<String>,
    secret: Option<String>,
    schema_version: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<StoredTenant> for TenantRow {
    type Error = CatalogError;

    fn try_from(row: StoredTenant) -> Result<Self, CatalogError> {
        let server = ServerId::new(row.server_id);
        let placed = row.db_name.zip(row.schema_version);
        let placement = placed.map(|(database, schema_version)| Placement {
            server: server.clone(),
            database,
            role: row.db_role,
            secret: row.secret.map(SealedSecret::from_text),
            schema_version,
        });
        Ok(Self {
            id: row.id,
            slug: row.slug.parse().read("slug of a tenant")?,
            name: row.name,
            status: row.status.parse().read("status of a tenant")?,
            tier: row.tier,
            business_type: row.business_type,
            segment: row.segment,
            admin_email: row.admin_email,
            server,
            placement,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

pub(super) async fn by_id(
    pool: &AnyPool,
    tenant: TenantId,
) -> Result<Option<TenantRow>, CatalogError> {
    const READ: &str = concat!("SELECT ", columns!(), " FROM mt_tenants WHERE id = $1");
    let row: Option<StoredTenant> = on!(pool, pool =>
        sqlx::query_as(READ).bind(tenant).fetch_optional(pool).await?);
    row.map(TenantRow::try_from).transpose()
}

pub(super) async fn by_slug(
    pool: &AnyPool,
    slug: &Slug,
) -> Result<Option<TenantRow>, CatalogError> {
    const READ: &str = concat!("SELECT ", columns!(), " FROM mt_tenants WHERE slug = $1");
    let row: Option<StoredTenant> = on!(pool, pool =>
        sqlx::query_as(READ).bind(slug.as_str()).fetch_optional(pool).await?);
    row.map(TenantRow::try_from).transpose()
}

pub(super) async fn list(
    pool: &AnyPool,
    filter: &TenantFilter,
    page: Page,
) -> Result<Listed<TenantRow>, CatalogError> {
    const READ: &str = concat!(
        "SELECT ",
        columns!(),
        wanted!(),
        " ORDER BY id DESC LIMIT $3 OFFSET $4"
    );
    const COUNT: &str = concat!("SELECT COUNT(*)", wanted!());
    let status = filter.status.map(TenantStatus::as_str);
    let pattern = filter.search.as_deref().map(containing);
    let rows: Vec<StoredTenant> = on!(pool, pool => sqlx::query_as(READ)
        .bind(status)
        .bind(&pattern)
        .bind(page.limit())
        .bind(page.offset())
        .fetch_all(pool)
        .await?);
    let total = on!(pool, pool => sqlx::query_scalar(COUNT)
        .bind(status)
        .bind(&pattern)
        .fetch_one(pool)
        .await?);
    let items = rows.into_iter().map(TenantRow::try_from);
    Ok(Listed {
        items: items.collect::<Result<_, _>>()?,
        total,
    })
}

pub(super) async fn insert(
    write: &mut Write<'_>,
    tenant: &NewTenant,
    placement: Option<&Placement>,
) -> Result<(), CatalogError> {
    const ADD: &str = "INSERT INTO mt_tenants (id, slug, name, status, tier, business_type, \
         segment, admin_email, server_id, db_name, db_role, secret, schema_version, \
         created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)";
    let now = write.now();
    let server = tenant.server.clone().unwrap_or_else(ServerId::main);
    let secret = placement.and_then(|placement| placement.secret.as_ref());
    let added = on!(write.sql(), sql => sqlx::query(ADD)
        .bind(tenant.id)
        .bind(tenant.slug.as_str())
        .bind(&tenant.name)
        .bind(TenantStatus::Provisioning.as_str())
        .bind(&tenant.tier)
        .bind(&tenant.business_type)
        .bind(&tenant.segment)
        .bind(&tenant.admin_email)
        .bind(server.as_str())
        .bind(placement.map(|placement| &*placement.database))
        .bind(placement.and_then(|placement| placement.role.as_deref()))
        .bind(secret.map(SealedSecret::as_str))
        .bind(placement.map(|placement| &*placement.schema_version))
        .bind(now)
        .execute(&mut **sql)
        .await
        .map(drop));
    added.map_err(|error| match error.as_database_error() {
        Some(refusal) if refusal.is_unique_violation() => {
            CatalogError::SlugTaken(tenant.slug.clone())
        }
        _ => not_on_server(error, &server),
    })
}

/// A tenant's row refers to its server's, and to no other.
pub(super) fn not_on_server(error: sqlx::Error, server: &ServerId) -> CatalogError {
    match error.as_database_error() {
        Some(refusal) if refusal.is_foreign_key_violation() => {
            CatalogError::ServerUnknown(server.clone())
        }
        _ => error.into(),
    }
}

/// Reads a tenant's row and keeps everybody else from changing it until the transaction ends: an
/// update of nothing, since SQLite knows no `FOR UPDATE`.
pub(super) async fn lock(
    write: &mut Write<'_>,
    tenant: TenantId,
) -> Result<TenantRow, CatalogError> {
    const LOCK: &str = concat!(
        "UPDATE mt_tenants SET slug = slug WHERE id = $1 RETURNING ",
        columns!()
    );
    let row: Option<StoredTenant> = on!(write.sql(), sql =>
        sqlx::query_as(LOCK).bind(tenant).fetch_optional(&mut **sql).await?);
    row.ok_or(CatalogError::TenantUnknown(tenant))?.try_into()
}

pub(super) async fn patch(
    mut write: Write<'_>,
    tenant: TenantId,
    patch: &TenantPatch,
) -> Result<TenantRow, CatalogError> {
    const PATCH: &str = "UPDATE mt_tenants SET name = $2, tier = $3, business_type = $4, \
         segment = $5, updated_at = $6 WHERE id = $1";
    let before = lock(&mut write, tenant).await?;
    let after = patched(&before, patch, write.now());
    let details = differences(&before, &after);
    if details.is_empty() {
        return Ok(before);
    }
    on!(write.sql(), sql => sqlx::query(PATCH)
        .bind(tenant)
        .bind(&after.name)
        .bind(&after.tier)
        .bind(&after.business_type)
        .bind(&after.segment)
        .bind(after.updated_at)
        .execute(&mut **sql)
        .await.map(drop)?);
    commit(write, tenant, "tenant.patch", Value::Object(details)).await?;
    Ok(after)
}

fn patched(before: &TenantRow, patch: &TenantPatch, now: Timestamp) -> TenantRow {
    let mut after = before.clone();
    let TenantPatch {
        name,
        tier,
        business_type,
        segment,
    } = patch.clone();
    after.name = name.unwrap_or(after.name);
    after.tier = tier.unwrap_or(after.tier);
    after.business_type = business_type.unwrap_or(after.business_type);
    after.segment = segment.unwrap_or(after.segment);
    after.updated_at = now;
    after
}

fn differences(before: &TenantRow, after: &TenantRow) -> Map<String, Value> {
    let field = |name: &str, from: Option<&str>, to: Option<&str>| {
        (from != to).then(|| (name.to_owned(), json!({"from": from, "to": to})))
    };
    let (b, a) = (before, after);
    let fields = [
        field("name", Some(&b.name), Some(&a.name)),
        field("tier", Some(&b.tier), Some(&a.tier)),
        field(
            "businessType",
            b.business_type.as_deref(),
            a.business_type.as_deref(),
        ),
        field("segment", b.segment.as_deref(), a.segment.as_deref()),
    ];
    fields.into_iter().flatten().collect()
}

/// Writes down and announces what became of a tenant, and commits.
pub(super) async fn commit(
    mut write: Write<'_>,
    tenant: TenantId,
    action: &'static str,
    details: Value,
) -> Result<(), CatalogError> {
    let entry = AuditEntry::new(action, "tenant", tenant).of_tenant(tenant);
    write.audit(entry.with_details(details)).await?;
    write.publish(EventKind::TenantChanged { tenant });
    write.commit().await
}
