use std::collections::HashMap;

use parking_lot::RwLock;

use crate::directory::Names;
use crate::events::{Event, EventKind, Position};
use crate::{Domain, Slug, TenantId};

/// The ids, slugs and domains that exist, in memory, so that a flood of unknown ones costs no reads.
#[derive(Default)]
pub(super) struct NameIndex {
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    /// What the log says up to here is in it.
    as_of: Position,
    by_slug: HashMap<Slug, TenantId>,
    by_id: HashMap<TenantId, Slug>,
    by_domain: HashMap<Domain, TenantId>,
}

impl State {
    fn insert(&mut self, tenant: TenantId, slug: Slug) {
        self.forget_slug(tenant);
        self.by_id.insert(tenant, slug.clone());
        self.by_slug.insert(slug, tenant);
    }

    fn forget_slug(&mut self, tenant: TenantId) {
        if let Some(slug) = self.by_id.remove(&tenant) {
            // The slug may belong to another tenant by now.
            if self.by_slug.get(&slug) == Some(&tenant) {
                self.by_slug.remove(&slug);
            }
        }
    }
}

impl NameIndex {
    pub(super) fn new(names: Names) -> Self {
        let index = Self::default();
        index.replace(names);
        index
    }

    /// Forgets what was known and knows these.
    pub(super) fn replace(&self, names: Names) {
        let mut state = State {
            as_of: names.position,
            ..State::default()
        };
        for (tenant, slug) in names.names {
            state.insert(tenant, slug);
        }
        state.by_domain.extend(names.domains);
        *self.state.write() = state;
    }

    /// Up to which place in the log the names were read that are known.
    pub(super) fn as_of(&self) -> Position {
        self.state.read().as_of
    }

    /// The tenant exists, under this slug and no other.
    fn insert(&self, tenant: TenantId, slug: Slug) {
        self.state.write().insert(tenant, slug);
    }

    fn remove(&self, tenant: TenantId) {
        let mut state = self.state.write();
        state.by_domain.retain(|_, owner| *owner != tenant);
        state.forget_slug(tenant);
    }

    fn remove_domain(&self, tenant: TenantId, domain: &Domain) {
        let mut state = self.state.write();
        if state.by_domain.get(domain) == Some(&tenant) {
            state.by_domain.remove(domain);
        }
    }

    pub(super) fn by_domain(&self, domain: &Domain) -> Option<TenantId> {
        self.state.read().by_domain.get(domain).copied()
    }

    pub(super) fn by_slug(&self, slug: &Slug) -> Option<TenantId> {
        self.state.read().by_slug.get(slug).copied()
    }

    pub(super) fn contains(&self, tenant: TenantId) -> bool {
        self.state.read().by_id.contains_key(&tenant)
    }

    pub(super) fn ids(&self) -> Vec<TenantId> {
        let mut ids: Vec<_> = self.state.read().by_id.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// An event that the names were read after is in them, and would bring older ones back.
    pub(super) fn apply(&self, event: &Event) {
        if event.position <= self.as_of() {
            return;
        }
        match &event.kind {
            EventKind::TenantCreated { tenant, slug } => self.insert(*tenant, slug.clone()),
            EventKind::TenantDeleted { tenant } => self.remove(*tenant),
            EventKind::DomainAdded { tenant, domain } => {
                let mut state = self.state.write();
                state.by_domain.insert(domain.clone(), *tenant);
            }
            EventKind::DomainRemoved { tenant, domain } => self.remove_domain(*tenant, domain),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventKind) -> Event {
        at(1, kind)
    }

    fn at(number: i64, kind: EventKind) -> Event {
        let position = Position::new(number);
        Event { position, kind }
    }

    #[test]
    fn names_that_were_read_later_than_an_event_stay_as_they_are() {
        let (tenant, gone) = (TenantId::generate(), TenantId::generate());
        let (slug, older): (Slug, Slug) = ("acme".parse().unwrap(), "emca".parse().unwrap());
        let domain: Domain = "shop.acme.test".parse().unwrap();
        let index = NameIndex::new(Names {
            position: Position::new(9),
            names: vec![(tenant, slug.clone())],
            domains: vec![(domain.clone(), tenant)],
        });
        let created = |tenant, slug: &Slug| EventKind::TenantCreated {
            tenant,
            slug: slug.clone(),
        };
        let added = EventKind::DomainAdded {
            tenant: gone,
            domain: domain.clone(),
        };
        index.apply(&at(6, created(tenant, &older)));
        index.apply(&at(7, created(gone, &slug)));
        index.apply(&at(9, added.clone()));
        assert_eq!(index.by_slug(&slug), Some(tenant));
        assert_eq!(index.by_slug(&older), None);
        assert_eq!(index.by_domain(&domain), Some(tenant));
        assert!(!index.contains(gone));

        index.apply(&at(10, added));
        assert_eq!(index.by_domain(&domain), Some(gone));
    }

    #[test]
    fn a_slug_made_again_names_the_new_tenant_whatever_order_the_events_come_in() {
        let (old, new) = (TenantId::generate(), TenantId::generate());
        let slug: Slug = "acme".parse().unwrap();
        let index = NameIndex::default();
        index.insert(old, slug.clone());
        index.apply(&event(EventKind::TenantCreated {
            tenant: new,
            slug: slug.clone(),
        }));
        index.apply(&event(EventKind::TenantDeleted { tenant: old }));
        assert_eq!(index.by_slug(&slug), Some(new));
        assert!(!index.contains(old));
    }

    #[test]
    fn a_domain_belongs_to_whom_it_was_given_last_and_goes_with_its_tenant() {
        let (one, other) = (TenantId::generate(), TenantId::generate());
        let domain: Domain = "shop.acme.test".parse().unwrap();
        let (added, removed) = (
            |tenant| EventKind::DomainAdded {
                tenant,
                domain: domain.clone(),
            },
            |tenant| EventKind::DomainRemoved {
                tenant,
                domain: domain.clone(),
            },
        );
        let table = [
            (added(one), Some(one)),
            (removed(one), None),
            (added(other), Some(other)),
            (removed(one), Some(other)),
            (EventKind::TenantDeleted { tenant: one }, Some(other)),
            (EventKind::TenantDeleted { tenant: other }, None),
        ];
        let index = NameIndex::default();
        for (kind, owner) in table {
            index.apply(&event(kind.clone()));
            assert_eq!(index.by_domain(&domain), owner, "{kind:?}");
        }
    }
}
