use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{Realm, SessionId, TenantId};

/// Where a session lives: in the catalog, or in one tenant's database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefreshScope {
    /// A member of the platform's staff.
    Enterprise,
    /// A user of this tenant.
    Client(TenantId),
}

impl RefreshScope {
    /// The realm whose keys authenticate such a token.
    #[must_use]
    pub const fn realm(self) -> Realm {
        match self {
            Self::Enterprise => Realm::Enterprise,
            Self::Client(_) => Realm::Client,
        }
    }

    /// The tenant whose database holds the session, if any.
    #[must_use]
    pub const fn tenant(self) -> Option<TenantId> {
        match self {
            Self::Enterprise => None,
            Self::Client(tenant) => Some(tenant),
        }
    }
}

const ENTERPRISE: u8 = 1;
const CLIENT: u8 = 2;

/// What a refresh token says. As bytes: the realm (1), the tenant (16, users only), the session
/// (16), the generation (4, big-endian), the secret (32).
pub(super) struct RefreshBody {
    pub(super) scope: RefreshScope,
    pub(super) session: SessionId,
    pub(super) generation: u32,
    pub(super) secret: Zeroizing<[u8; 32]>,
}

impl RefreshBody {
    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(69));
        match self.scope {
            RefreshScope::Enterprise => bytes.push(ENTERPRISE),
            RefreshScope::Client(tenant) => {
                bytes.push(CLIENT);
                bytes.extend_from_slice(tenant.as_uuid().as_bytes());
            }
        }
        bytes.extend_from_slice(self.session.as_uuid().as_bytes());
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes.extend_from_slice(self.secret.as_slice());
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` for anything else.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (realm, rest) = bytes.split_first()?;
        let (scope, rest) = match *realm {
            ENTERPRISE => (RefreshScope::Enterprise, rest),
            CLIENT => {
                let (tenant, rest) = rest.split_first_chunk()?;
                let tenant = TenantId::from_uuid(Uuid::from_bytes(*tenant));
                (RefreshScope::Client(tenant), rest)
            }
            _ => return None,
        };
        let (session, rest) = rest.split_first_chunk()?;
        let (generation, secret) = rest.split_first_chunk()?;
        Some(Self {
            scope,
            session: SessionId::from_uuid(Uuid::from_bytes(*session)),
            generation: u32::from_be_bytes(*generation),
            secret: Zeroizing::new(secret.try_into().ok()?),
        })
    }
}
