//! What a client is: the rules of its form, and how it is shown. No I/O.

use multitenant_core::catalog::{NewTenant, Page, TenantFilter, TenantPatch, TenantRow};
use multitenant_core::provision::TenantRequest;
use multitenant_core::{Problem, ServerId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::config::is_server_name;
use crate::forms::{Check, Paging, present};

/// What is said of a server that is not there.
pub(super) const NO_SERVER: &str = "expected the name of a server, as GET servers lists them";

/// What a client pays for.
pub(crate) const TIERS: [&str; 3] = ["BASIC", "PROFESSIONAL", "ENTERPRISE"];

fn tier(check: &mut Check, text: Option<&str>) -> Option<&'static str> {
    let wanted = text.unwrap_or(TIERS[0]);
    let found = TIERS.into_iter().find(|tier| *tier == wanted);
    if found.is_none() {
        check.wrong("tier", "expected BASIC, PROFESSIONAL or ENTERPRISE");
    }
    found
}

fn server(check: &mut Check, name: &str) -> Option<ServerId> {
    let is_name = is_server_name(name);
    if !is_name {
        check.wrong("server", NO_SERVER);
    }
    is_name.then(|| ServerId::new(name))
}

/// A client that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = NewClient)]
pub(super) struct NewClientForm {
    /// What it is called.
    #[schema(min_length = 1, max_length = 200, example = "Acme Ltd")]
    name: String,
    /// What names it in hosts and headers.
    #[schema(
        min_length = 3,
        max_length = 63,
        pattern = "^[a-z0-9][a-z0-9-]*[a-z0-9]$",
        example = "acme"
    )]
    slug: String,
    /// What its first admin signs in with.
    #[schema(format = "email", example = "ann@acme.example")]
    admin_email: String,
    /// What its first admin is called.
    #[schema(min_length = 1, max_length = 200, example = "Ann")]
    admin_name: String,
    /// What kind of business it is.
    #[schema(min_length = 1, max_length = 200, example = "wholesale")]
    business_type: Option<String>,
    /// To which part of the market it belongs.
    #[schema(min_length = 1, max_length = 200)]
    segment: Option<String>,
    /// What it pays for: `BASIC` (the default), `PROFESSIONAL` or `ENTERPRISE`.
    #[schema(example = "BASIC", pattern = "^(BASIC|PROFESSIONAL|ENTERPRISE)$")]
    tier: Option<String>,
    /// Which server is to hold its database; one is chosen where it is left out.
    #[schema(
        min_length = 1,
        max_length = 63,
        pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        example = "main"
    )]
    server: Option<String>,
}

impl NewClientForm {
    pub(super) fn read(&self) -> Result<TenantRequest, Problem> {
        let mut check = Check::default();
        let name = check.name("name", &self.name);
        let slug = check.field("slug", self.slug.parse());
        let admin_email = check.field("adminEmail", self.admin_email.parse());
        let admin_name = check.name("adminName", &self.admin_name);
        let business_type = check.optional_name("businessType", self.business_type.as_deref());
        let segment = check.optional_name("segment", self.segment.as_deref());
        let tier = tier(&mut check, self.tier.as_deref());
        let server = self
            .server
            .as_deref()
            .and_then(|name| server(&mut check, name));
        let form = (|| {
            let admin_email: multitenant_core::Email = admin_email?;
            Some(TenantRequest {
                tenant: NewTenant {
                    business_type,
                    segment,
                    admin_email: Some(admin_email.to_string()),
                    server,
                    ..NewTenant::new(slug?, name?, tier?)
                },
                admin_email,
                admin_name: admin_name?,
            })
        })();
        check.done(form)
    }

    /// The same request is the same bytes, whatever the order of its fields.
    pub(super) fn canonical(&self) -> Vec<u8> {
        let fields = (
            &self.name,
            &self.slug,
            &self.admin_email,
            &self.admin_name,
            &self.business_type,
            &self.segment,
            &self.tier,
        );
        // Texts alone: there is nothing that could not be written.
        let mut bytes = serde_json::to_vec(&fields).unwrap_or_default();
        bytes.extend(self.server.iter().flat_map(|server| server.bytes()));
        bytes
    }
}

/// What is to be different about a client. A field that is left out stays; `null` clears one that
/// may be empty.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = ClientPatch)]
pub(super) struct ClientPatchForm {
    #[schema(min_length = 1, max_length = 200, example = "Acme Holding")]
    name: Option<String>,
    #[schema(
        example = "PROFESSIONAL",
        pattern = "^(BASIC|PROFESSIONAL|ENTERPRISE)$"
    )]
    tier: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    business_type: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    segment: Option<Option<String>>,
}

impl ClientPatchForm {
    pub(super) fn read(self) -> Result<TenantPatch, Problem> {
        let mut check = Check::default();
        let name = check.optional_name("name", self.name.as_deref());
        let tier = match &self.tier {
            Some(wanted) => tier(&mut check, Some(wanted)).map(str::to_owned),
            None => None,
        };
        let mut clearable = |field, value: Option<Option<String>>| {
            value.map(|text| check.optional_name(field, text.as_deref()))
        };
        let patch = TenantPatch {
            business_type: clearable("businessType", self.business_type),
            segment: clearable("segment", self.segment),
            name,
            tier,
        };
        check.done(Some(patch))
    }
}

/// Which clients are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ClientsQuery {
    /// Those whose name, slug or admin's address contains this.
    #[param(min_length = 1, max_length = 200)]
    search: Option<String>,
    /// Those that are `PROVISIONING`, `ACTIVE`, `SUSPENDED`, `ARCHIVED` or `DELETING`.
    #[param(pattern = "^(PROVISIONING|ACTIVE|SUSPENDED|ARCHIVED|DELETING)$")]
    status: Option<String>,
    /// Which page, from 1.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 4294967295u32)]
    page: Option<u32>,
    /// Most entries on a page.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

impl ClientsQuery {
    pub(super) fn read(self) -> Result<(TenantFilter, Page), Problem> {
        let mut check = Check::default();
        let status = self.status.map(|text| check.field("status", text.parse()));
        let page = Paging::new(self.page, self.limit).read(&mut check);
        let filter = TenantFilter {
            search: check.search(self.search),
            status: status.flatten(),
        };
        check.done(page.map(|page| (filter, page)))
    }
}

/// Says again which client is to be deleted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Confirmation {
    /// The client's slug.
    #[param(required)]
    confirm: Option<String>,
}

impl Confirmation {
    pub(super) fn check(&self, client: &TenantRow) -> Result<(), Problem> {
        if self.confirm.as_deref() == Some(client.slug.as_str()) {
            return Ok(());
        }
        let mut check = Check::default();
        check.wrong("confirm", "repeat the client's slug, as ?confirm=<slug>");
        check.done(None)
    }
}

/// A client, as the staff see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Client)]
pub(super) struct ClientView {
    #[schema(format = "uuid")]
    id: String,
    #[schema(example = "Acme Ltd")]
    name: String,
    #[schema(example = "acme")]
    slug: String,
    /// Its database, once there is one.
    #[schema(example = "client_db_0190f5fe7c3a7d109c0e5a1b2c3d4e5f")]
    db_name: Option<String>,
    /// The server that holds its database.
    #[schema(example = "main")]
    server: String,
    /// `PROVISIONING`, `ACTIVE`, `SUSPENDED`, `ARCHIVED` or `DELETING`.
    #[schema(example = "ACTIVE")]
    status: &'static str,
    #[schema(example = "BASIC")]
    tier: String,
    business_type: Option<String>,
    segment: Option<String>,
    #[schema(example = "ann@acme.example")]
    admin_email: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<TenantRow> for ClientView {
    fn from(row: TenantRow) -> Self {
        Self {
            id: row.id.to_string(),
            name: row.name,
            slug: row.slug.to_string(),
            db_name: row.placement.map(|placement| placement.database),
            server: row.server.to_string(),
            status: row.status.as_str(),
            tier: row.tier,
            business_type: row.business_type,
            segment: row.segment,
            admin_email: row.admin_email,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
