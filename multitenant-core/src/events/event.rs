use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use crate::{Domain, SessionId, Slug, Subject, TenantId, Timestamp};

/// A place in the log of changes. Numbers are handed out in the order of the commits, without
/// gaps that fill later: who has read up to one has missed nothing before it.
///
/// Places are compared by their numbers alone. When the event there was written is kept beside, since
/// a log that was restored from a backup hands out the same numbers again: who finds another event in
/// the place where they left off must read everything anew.
#[derive(Debug, Clone, Copy, Default)]
pub struct Position {
    number: i64,
    written_at: Option<Timestamp>,
}

impl Position {
    /// Before the first event.
    pub const START: Self = Self::new(0);

    /// The place with this number.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        let written_at = None;
        Self { number, written_at }
    }

    /// The same place, where the event was written at this moment.
    #[must_use]
    pub const fn written_at(self, at: Option<Timestamp>) -> Self {
        Self {
            number: self.number,
            written_at: at,
        }
    }

    /// The number, for binding to a query.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.number
    }

    /// Whether an event that was written at this moment is another than the one that was read in
    /// this place. Where nobody knows when that was, it is not.
    #[must_use]
    pub fn is_rewritten_at(self, at: Timestamp) -> bool {
        self.written_at.is_some_and(|known| known != at)
    }
}

impl PartialEq for Position {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Position {}

impl PartialOrd for Position {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Position {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number.cmp(&other.number)
    }
}

impl Hash for Position {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)
    }
}

/// Something changed that every node must hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where it stands in the log.
    pub position: Position,
    /// What changed.
    pub kind: EventKind,
}

/// What changed. `tenant: None` stands for the platform's own staff.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// A tenant exists now, under this slug.
    TenantCreated {
        /// The new tenant.
        tenant: TenantId,
        /// Its slug.
        slug: Slug,
    },
    /// A tenant's state, server, credentials or limits are different now.
    TenantChanged {
        /// The tenant.
        tenant: TenantId,
    },
    /// A tenant is no more.
    TenantDeleted {
        /// The tenant that was.
        tenant: TenantId,
    },
    /// A tenant has one more domain of its own.
    DomainAdded {
        /// The tenant.
        tenant: TenantId,
        /// The domain.
        domain: Domain,
    },
    /// A domain is a tenant's own no more.
    DomainRemoved {
        /// The tenant whose it was.
        tenant: TenantId,
        /// The domain.
        domain: Domain,
    },
    /// One sign-in was ended.
    SessionEnded {
        /// Whose realm.
        tenant: Option<TenantId>,
        /// The session that was.
        session: SessionId,
    },
    /// A person's roles, password or state are different now, so the `ver` of their tokens is.
    SubjectChanged {
        /// Whose realm.
        tenant: Option<TenantId>,
        /// The person.
        subject: Subject,
    },
    /// What a tenant's roles permit is different now.
    PolicyChanged {
        /// The tenant.
        tenant: TenantId,
    },
    /// What the servers take is different now, or what nodes there are that divide it.
    ServersChanged,
    /// Something of a newer version of this library, that this one cannot read. Whoever follows
    /// forgets all that is remembered of the tenant, or of the staff.
    Unknown {
        /// The word under which it is stored.
        word: String,
        /// Whose realm.
        tenant: Option<TenantId>,
        /// What else is stored of it.
        detail: Option<String>,
    },
    /// Events up to this place are no longer in the log, and this reader had not seen them; or the
    /// log was set back to this place, and this reader had seen more. Whoever follows forgets
    /// everything. A reader makes it; it is never stored.
    Missed,
}

impl EventKind {
    /// The word under which it is stored.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::TenantCreated { .. } => "tenant_created",
            Self::TenantChanged { .. } => "tenant_changed",
            Self::TenantDeleted { .. } => "tenant_deleted",
            Self::DomainAdded { .. } => "domain_added",
            Self::DomainRemoved { .. } => "domain_removed",
            Self::SessionEnded { .. } => "session_ended",
            Self::SubjectChanged { .. } => "subject_changed",
            Self::PolicyChanged { .. } => "policy_changed",
            Self::ServersChanged => "servers_changed",
            Self::Unknown { word, .. } => word,
            Self::Missed => "missed",
        }
    }

    /// The tenant it concerns; `None` for the platform's own staff.
    #[must_use]
    pub const fn tenant(&self) -> Option<TenantId> {
        match self {
            Self::TenantCreated { tenant, .. }
            | Self::TenantChanged { tenant }
            | Self::TenantDeleted { tenant }
            | Self::DomainAdded { tenant, .. }
            | Self::DomainRemoved { tenant, .. }
            | Self::PolicyChanged { tenant } => Some(*tenant),
            Self::SessionEnded { tenant, .. }
            | Self::SubjectChanged { tenant, .. }
            | Self::Unknown { tenant, .. } => *tenant,
            Self::ServersChanged | Self::Missed => None,
        }
    }

    /// The slug, domain, session or person it concerns, as text.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::TenantCreated { slug, .. } => Some(slug.to_string()),
            Self::DomainAdded { domain, .. } | Self::DomainRemoved { domain, .. } => {
                Some(domain.to_string())
            }
            Self::SessionEnded { session, .. } => Some(session.to_string()),
            Self::SubjectChanged { subject, .. } => Some(subject.to_string()),
            Self::Unknown { detail, .. } => detail.clone(),
            Self::TenantChanged { .. }
            | Self::TenantDeleted { .. }
            | Self::PolicyChanged { .. }
            | Self::ServersChanged
            | Self::Missed => None,
        }
    }
}

impl Event {
    /// Reads an event back from its [`word`](EventKind::word), [`tenant`](EventKind::tenant) and
    /// [`detail`](EventKind::detail): [`EventKind::Unknown`] where this version knows no such word,
    /// or reads no such detail.
    #[must_use]
    pub fn from_parts(
        position: Position,
        word: &str,
        tenant: Option<TenantId>,
        detail: Option<&str>,
    ) -> Self {
        let kind = kind_from_parts(word, tenant, detail);
        let kind = kind.unwrap_or_else(|| EventKind::Unknown {
            word: word.to_owned(),
            tenant,
            detail: detail.map(str::to_owned),
        });
        Self { position, kind }
    }
}

fn kind_from_parts(
    word: &str,
    tenant: Option<TenantId>,
    detail: Option<&str>,
) -> Option<EventKind> {
    Some(match word {
        "tenant_created" => EventKind::TenantCreated {
            tenant: tenant?,
            slug: detail?.parse().ok()?,
        },
        "tenant_changed" => EventKind::TenantChanged { tenant: tenant? },
        "tenant_deleted" => EventKind::TenantDeleted { tenant: tenant? },
        "domain_added" => EventKind::DomainAdded {
            tenant: tenant?,
            domain: detail?.parse().ok()?,
        },
        "domain_removed" => EventKind::DomainRemoved {
            tenant: tenant?,
            domain: detail?.parse().ok()?,
        },
        "session_ended" => EventKind::SessionEnded {
            tenant,
            session: detail?.parse().ok()?,
        },
        "subject_changed" => EventKind::SubjectChanged {
            tenant,
            subject: Subject::new(detail?).ok()?,
        },
        "policy_changed" => EventKind::PolicyChanged { tenant: tenant? },
        "servers_changed" => EventKind::ServersChanged,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_can_be_stored_and_read_back() {
        let tenant = TenantId::generate();
        let slug: Slug = "acme".parse().unwrap();
        let subject = Subject::new("someone").unwrap();
        let session = SessionId::generate();
        let domain: Domain = "shop.acme.test".parse().unwrap();
        let kinds = [
            EventKind::DomainAdded {
                tenant,
                domain: domain.clone(),
            },
            EventKind::DomainRemoved { tenant, domain },
            EventKind::TenantCreated { tenant, slug },
            EventKind::TenantChanged { tenant },
            EventKind::TenantDeleted { tenant },
            EventKind::SessionEnded {
                tenant: Some(tenant),
                session,
            },
            EventKind::SessionEnded {
                tenant: None,
                session,
            },
            EventKind::SubjectChanged {
                tenant: None,
                subject,
            },
            EventKind::PolicyChanged { tenant },
            EventKind::ServersChanged,
            EventKind::Unknown {
                word: "moon_landed".to_owned(),
                tenant: Some(tenant),
                detail: Some("apollo".to_owned()),
            },
        ];
        for kind in kinds {
            let read = Event::from_parts(
                Position::new(7),
                kind.word(),
                kind.tenant(),
                kind.detail().as_deref(),
            );
            assert_eq!(read.kind, kind);
        }
    }

    #[test]
    fn what_a_known_word_says_in_a_newer_way_is_kept_as_it_is() {
        let read = Event::from_parts(Position::START, "session_ended", None, Some("all"));
        assert!(matches!(read.kind, EventKind::Unknown { .. }));
        assert_eq!(
            (read.kind.word(), read.kind.detail()),
            ("session_ended", Some("all".to_owned()))
        );
    }
}
