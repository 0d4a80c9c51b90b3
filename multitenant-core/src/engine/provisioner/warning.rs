use std::fmt;

/// Something about the server that the provisioner cannot close by itself, and an operator can.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerWarning {
    /// Everybody who can sign in to the server may connect to this database.
    PublicMayConnect {
        /// The database.
        database: String,
    },
    /// The admin role is a superuser; `CREATEDB CREATEROLE` would do.
    AdminIsSuperuser,
    /// On Postgres 15 a role with `CREATEROLE` can make itself almost anything: guard the admin
    /// URL as a superuser's.
    AdminIsNearlySuperuser,
}

impl fmt::Display for ServerWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PublicMayConnect { database } => write!(
                f,
                "every login may connect to the database {database:?}; its owner or a superuser \
                 closes it with REVOKE CONNECT, TEMPORARY ON DATABASE {database:?} FROM PUBLIC"
            ),
            Self::AdminIsSuperuser => {
                f.write_str("the admin role is a superuser; CREATEDB and CREATEROLE would do")
            }
            Self::AdminIsNearlySuperuser => f.write_str(
                "on Postgres 15 the admin role's CREATEROLE amounts to a superuser's rights; \
                 guard its URL as such, or move to Postgres 16 or newer",
            ),
        }
    }
}
