use crate::rbac::{EnterpriseAction, Permission};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Anybody; the request has no tenant.
    Public,
    /// Anybody who names a tenant: a sign-in, or what else comes before one. The route learns
    /// whether there is such a tenant, and must not let the caller notice.
    TenantHint,
    /// Every user of the tenant. `while_password_change_due`: also those who must change a
    /// temporary password first.
    User {
        /// Whether a temporary password is no obstacle.
        while_password_change_due: bool,
    },
    /// Users of the tenant whose roles grant this.
    Permission(Permission),
    /// The platform's staff whose role allows this. `while_password_change_due` as above.
    Staff {
        /// What the role must allow.
        action: EnterpriseAction,
        /// Whether a temporary password is no obstacle.
        while_password_change_due: bool,
    },
}

impl Access {
    /// Every signed-in user of the tenant.
    pub const USER: Self = Self::User {
        while_password_change_due: false,
    };
    /// Every signed-in user of the tenant, also one who must change a temporary password: to do
    /// just that, or to sign out.
    pub const USER_BEFORE_PASSWORD_CHANGE: Self = Self::User {
        while_password_change_due: true,
    };

    /// The platform's staff whose role allows `action`.
    #[must_use]
    pub const fn staff(action: EnterpriseAction) -> Self {
        Self::Staff {
            action,
            while_password_change_due: false,
        }
    }

    /// Every member of the platform's staff, also one who must change a temporary password.
    pub const STAFF_BEFORE_PASSWORD_CHANGE: Self = Self::Staff {
        action: EnterpriseAction::Read,
        while_password_change_due: true,
    };
}

impl From<Permission> for Access {
    fn from(permission: Permission) -> Self {
        Self::Permission(permission)
    }
}

impl From<EnterpriseAction> for Access {
    fn from(action: EnterpriseAction) -> Self {
        Self::staff(action)
    }
}

/// What says who may use a route.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say who may use the route",
    label = "expected an access rule",
    note = "give a permission such as `invoices::READ`, an `EnterpriseAction`, or an `Access` such as `Access::USER`; a route for everybody is added by `.public(path, handler)`"
)]
pub trait AccessRule {
    /// The rule.
    fn access(self) -> Access;
}

impl AccessRule for Access {
    fn access(self) -> Access {
        self
    }
}

impl AccessRule for Permission {
    fn access(self) -> Access {
        self.into()
    }
}

impl AccessRule for EnterpriseAction {
    fn access(self) -> Access {
        self.into()
    }
}
