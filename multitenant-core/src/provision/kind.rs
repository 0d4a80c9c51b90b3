use super::error::StepName;

/// What a kind of operation is called, and its steps in order.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) steps: &'static [&'static str],
}

/// What makes a tenant.
pub(super) const CREATE: Kind = Kind {
    name: "tenant.create",
    steps: &[
        StepName::Login.as_str(),
        StepName::Database.as_str(),
        StepName::Seed.as_str(),
        StepName::Application.as_str(),
    ],
};

/// What deletes a tenant.
pub(super) const DELETE: Kind = Kind {
    name: "tenant.delete",
    steps: &[
        StepName::Close.as_str(),
        StepName::DropDatabase.as_str(),
        StepName::DropLogin.as_str(),
    ],
};

/// What brings a tenant's database to the schema of this version of the application.
pub(super) const MIGRATE: Kind = Kind {
    name: "tenant.migrate",
    steps: &[StepName::Migrate.as_str()],
};
