use clap::{Args, Subcommand};
use serde::Serialize;

use super::CliError;
use super::operator::Why;
use super::output::{Output, Told};
use super::paging::Paging;
use super::parse::name;
use super::password::{PasswordSource, SHOWN_ONCE};
use super::table::Table;
use crate::accounts::{Admin, NewAdmin};
use crate::platform::Platform;
use crate::{Email, EnterpriseRole, Timestamp, UserId};

/// What is done with the platform's staff.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum AdminCommand {
    /// Makes a member of the staff
    Create(Create),
    /// Lists the staff
    List(Paging),
    /// Lets a member of the staff sign in no longer, and ends their sessions everywhere
    Deactivate(One),
    /// Lets a member of the staff sign in again
    Activate(One),
}

#[derive(Debug, Clone, Args)]
pub(super) struct Create {
    /// What they sign in with
    email: Email,
    /// What they are called
    #[arg(long, value_parser = name, default_value = "Administrator")]
    name: String,
    /// ADMIN, SUPER_ADMIN or READ_ONLY
    #[arg(long)]
    role: EnterpriseRole,
    #[command(flatten)]
    password: PasswordSource,
    #[command(flatten)]
    why: Why,
}

#[derive(Debug, Clone, Args)]
pub(super) struct One {
    /// What they sign in with
    email: Email,
    #[command(flatten)]
    why: Why,
}

/// A member of the staff, as commands tell of them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AdminView {
    id: UserId,
    email: String,
    name: String,
    role: EnterpriseRole,
    is_active: bool,
    must_change_password: bool,
    created_at: Timestamp,
    /// Shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    temporary_password: Option<String>,
}

impl From<Admin> for AdminView {
    fn from(admin: Admin) -> Self {
        Self {
            id: admin.id,
            email: admin.email,
            name: admin.name,
            role: admin.role,
            is_active: admin.is_active,
            must_change_password: admin.password_change_due,
            created_at: admin.created_at,
            temporary_password: None,
        }
    }
}

fn yes_or_no(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

impl Told for AdminView {
    fn table(&self) -> Table {
        let table = Table::facts([
            ("id", Some(self.id.to_string())),
            ("email", Some(self.email.clone())),
            ("name", Some(self.name.clone())),
            ("role", Some(self.role.to_string())),
            ("active", Some(yes_or_no(self.is_active))),
            ("temporary password", self.temporary_password.clone()),
        ]);
        match self.temporary_password {
            Some(_) => table.with_note(SHOWN_ONCE),
            None => table,
        }
    }
}

#[derive(Serialize)]
struct Admins {
    admins: Vec<AdminView>,
    total: i64,
}

impl Told for Admins {
    fn table(&self) -> Table {
        let rows = self.admins.iter().map(|admin| {
            [
                admin.email.clone(),
                admin.role.to_string(),
                yes_or_no(admin.is_active),
                admin.name.clone(),
            ]
        });
        let table = Table::of(["email", "role", "active", "name"], rows);
        table.with_note(format!("{} of {}", self.admins.len(), self.total))
    }
}

pub(super) async fn run(
    command: AdminCommand,
    platform: &Platform,
    output: &mut Output<'_>,
) -> Result<(), CliError> {
    match command {
        AdminCommand::Create(new) => output.tell(&create(new, platform).await?),
        AdminCommand::List(paging) => {
            let listed = platform.accounts().admins(paging.read()?).await?;
            let (admins, total) = (listed.items.into_iter(), listed.total);
            let admins = admins.map(AdminView::from).collect();
            output.tell(&Admins { admins, total })
        }
        AdminCommand::Deactivate(one) => output.tell(&set_active(&one, platform, false).await?),
        AdminCommand::Activate(one) => output.tell(&set_active(&one, platform, true).await?),
    }
}

async fn create(new: Create, platform: &Platform) -> Result<AdminView, CliError> {
    let (change, accounts) = (new.why.change(), platform.accounts());
    let Some(password) = new.password.read()? else {
        let invited = accounts.invite_admin(&change, new.email.clone(), new.name, new.role);
        let (_, temporary) = invited.await?;
        return Ok(AdminView {
            temporary_password: Some(temporary.reveal().to_owned()),
            ..find(&new.email, platform).await?.into()
        });
    };
    let admin = NewAdmin {
        email: new.email,
        name: new.name,
        role: new.role,
        password: platform.hashing().hash(password).await?,
    };
    accounts.create_admin(&change, &admin).await?;
    Ok(find(&admin.email, platform).await?.into())
}

async fn find(email: &Email, platform: &Platform) -> Result<Admin, CliError> {
    let found = platform.accounts().admin_of_email(email).await?;
    found.ok_or_else(|| CliError::NotFound {
        what: "member of the staff",
        name: email.to_string(),
    })
}

async fn set_active(one: &One, platform: &Platform, active: bool) -> Result<AdminView, CliError> {
    let (change, accounts) = (one.why.change(), platform.accounts());
    let admin = find(&one.email, platform).await?.id;
    accounts.set_admin_active(&change, admin, active).await?;
    Ok(find(&one.email, platform).await?.into())
}
