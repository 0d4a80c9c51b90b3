//! What a client is: the rules of its form, and how it is shown. No I/O.

use multitenant_core::catalog::{NewTenant, Page, TenantFilter, TenantPatch, TenantRow};
use multitenant_core::provision::TenantRequest;
use multitenant_core::{Problem, Timestamp};
use serde::{Deserialize, Serialize};

use crate::forms::{Check, Paging, present};

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

/// A client that is to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct NewClientForm {
    name: String,
    slug: String,
    admin_email: String,
    admin_name: String,
    business_type: Option<String>,
    segment: Option<String>,
    tier: Option<String>,
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
        let form = (|| {
            let admin_email: multitenant_core::Email = admin_email?;
            Some(TenantRequest {
                tenant: NewTenant {
                    business_type,
                    segment,
                    admin_email: Some(admin_email.to_string()),
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
        serde_json::to_vec(&fields).unwrap_or_default()
    }
}

/// What is to be different about a client. A field that is left out stays; `null` clears one that
/// may be empty.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ClientPatchForm {
    name: Option<String>,
    tier: Option<String>,
    #[serde(default, deserialize_with = "present")]
    business_type: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
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
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientsQuery {
    search: Option<String>,
    status: Option<String>,
    page: Option<u32>,
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
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
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
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientView {
    id: String,
    name: String,
    slug: String,
    db_name: Option<String>,
    status: &'static str,
    tier: String,
    business_type: Option<String>,
    segment: Option<String>,
    admin_email: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<TenantRow> for ClientView {
    fn from(row: TenantRow) -> Self {
        Self {
            id: row.id.to_string(),
            name: row.name,
            slug: row.slug.to_string(),
            db_name: row.placement.map(|placement| placement.database),
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
