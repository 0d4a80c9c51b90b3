use proptest::prelude::*;

use super::{Decision, Grant, Policy, Registry, Role, access};
use crate::RoleName;

mod shop {
    crate::permissions! {
        extends super::access::REGISTRY;
        invoices: [READ, CREATE, UPDATE, DELETE, VOID],
        custom_fields: [READ],
    }
}

mod stranger {
    crate::permissions! { secrets: [READ] }
}

use shop::{REGISTRY, custom_fields, invoices};

fn names(names: &[&str]) -> Vec<RoleName> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn texts(registry: &'static Registry, strings: &[&str]) -> Vec<String> {
    let set = registry.expand(strings.iter().copied());
    set.iter().map(|one| one.to_string()).collect()
}

fn policy() -> Policy {
    Policy::compile(REGISTRY, 7, &Role::defaults(REGISTRY))
}

#[test]
fn a_permission_reads_as_resource_and_action() {
    assert_eq!(custom_fields::READ.to_string(), "custom-fields:read");
    assert_eq!(
        (invoices::VOID.resource(), invoices::VOID.action()),
        ("invoices", "void")
    );
}

#[test]
fn each_permission_has_its_own_place_in_the_registry() {
    for (index, permission) in REGISTRY.permissions().iter().enumerate() {
        assert_eq!(permission.index(), index);
        assert!(REGISTRY.holds(*permission));
    }
    assert!(
        REGISTRY
            .permissions()
            .starts_with(access::REGISTRY.permissions())
    );
}

#[test]
fn what_a_roles_strings_grant() {
    let everything: Vec<_> = REGISTRY
        .permissions()
        .iter()
        .map(|one| one.to_string())
        .collect();
    let table: [(&[&str], &[&str]); 14] = [
        (&["invoices:read"], &["invoices:read"]),
        (&["custom-fields:*"], &["custom-fields:read"]),
        (&["*:void"], &["invoices:void"]),
        (
            &["invoices:void", "sessions:*", "x:y"],
            &["sessions:read", "sessions:delete", "invoices:void"],
        ),
        (&[], &[]),
        (&[""], &[]),
        (&[":"], &[]),
        (&["*:*"], &[]),
        (&["**"], &[]),
        (&["invoices"], &[]),
        (&["invoices:"], &[]),
        (&["INVOICES:READ", " invoices:read", "invoices:read "], &[]),
        (&["invoices:read:all", "in*:read"], &[]),
        (&["secrets:read", "secrets:*"], &[]),
    ];
    for (strings, expected) in table {
        assert_eq!(texts(REGISTRY, strings), expected, "{strings:?}");
    }
    assert_eq!(texts(REGISTRY, &["*"]), everything);
}

#[test]
fn a_grant_is_written_as_it_was_read() {
    for text in ["*", "invoices:*", "*:read", "invoices:void"] {
        assert_eq!(
            REGISTRY.parse(text).map(|grant| grant.to_string()),
            Ok(text.to_owned())
        );
    }
    assert!(REGISTRY.parse("secrets:read").is_err());
    assert_eq!(REGISTRY.parse("*"), Ok(Grant::All));
}

#[test]
fn what_the_default_roles_may() {
    let table = [
        (access::users::UPDATE, [true, false, false, false]),
        (access::roles::UPDATE, [true, false, false, false]),
        (access::sessions::DELETE, [true, false, false, false]),
        (invoices::DELETE, [true, true, false, false]),
        (invoices::VOID, [true, true, false, false]),
        (invoices::CREATE, [true, true, true, false]),
        (invoices::UPDATE, [true, true, true, false]),
        (invoices::READ, [true, true, true, true]),
        (access::users::READ, [true, true, true, true]),
        (stranger::secrets::READ, [false, false, false, false]),
    ];
    for (permission, expected) in table {
        let may = ["Admin", "Manager", "User", "Viewer"]
            .map(|role| policy().decide(&names(&[role]), permission).is_allowed());
        assert_eq!(may, expected, "{permission}");
    }
}

#[test]
fn each_default_role_may_all_that_those_after_it_may() {
    let sets = ["Admin", "Manager", "User", "Viewer"].map(|role| policy().resolve(&names(&[role])));
    for pair in sets.windows(2) {
        assert!(pair[0].covers(&pair[1]) && !pair[1].covers(&pair[0]));
    }
}

#[test]
fn default_roles_fit_any_registry() {
    for registry in [
        Registry::EMPTY,
        stranger::REGISTRY,
        access::REGISTRY,
        REGISTRY,
    ] {
        for role in Role::defaults(registry)
            .iter()
            .filter(|role| role.name.as_str() != "Admin")
        {
            for text in &role.permissions {
                assert!(registry.parse(text).is_ok(), "{text}");
            }
        }
    }
}

#[test]
fn a_decision_carries_its_reason() {
    let roles = names(&["Ghost", "Viewer", "User"]);
    let table = [
        (
            roles.as_slice(),
            invoices::CREATE,
            "invoices:create is allowed by the role User",
        ),
        (
            &roles[..2],
            invoices::VOID,
            "invoices:void is refused: none of the roles Ghost, Viewer grants it",
        ),
        (
            &[],
            invoices::READ,
            "invoices:read is refused: there is no role to grant it",
        ),
        (
            &roles,
            stranger::secrets::READ,
            "secrets:read is refused: the policy's registry does not declare it",
        ),
    ];
    for (roles, permission, expected) in table {
        assert_eq!(policy().decide(roles, permission).to_string(), expected);
    }
}

#[test]
fn a_permission_of_another_registry_is_never_granted() {
    assert_eq!(stranger::secrets::READ.index(), access::users::READ.index());
    let everything = policy().resolve(&names(&["Admin"]));
    assert!(everything.allows(access::users::READ));
    assert!(!everything.allows(stranger::secrets::READ));
}

#[test]
fn sets_unite_within_one_registry_only() {
    let role = |name: &str| policy().resolve(&names(&[name]));
    let mut both = role("Viewer");
    both.unite(&role("User"));
    assert!(both.covers(&role("Viewer")) && both.covers(&role("User")));
    assert!(!both.allows(invoices::VOID));

    let foreign = stranger::REGISTRY.expand(["*"]);
    let mut ours = REGISTRY.expand([]);
    ours.unite(&foreign);
    assert!(ours.is_empty());
}

#[test]
fn a_policy_knows_its_generation_and_its_roles() {
    assert_eq!(policy().generation(), 7);
    assert!(policy().role(&"Ghost".parse().unwrap()).is_none());
    assert!(policy().resolve(&names(&["Ghost"])).is_empty());
}

proptest! {
    #[test]
    fn any_string_grants_only_what_it_says(text in "[a-z*:_ -]{0,20}") {
        let granted = texts(REGISTRY, &[&text]);
        prop_assert!(granted.is_empty() || granted.contains(&text) || text.contains('*'));
    }

    #[test]
    fn the_fast_path_and_the_decision_agree(
        picked in prop::sample::subsequence(vec!["Manager", "User", "Viewer", "Ghost"], 0..=4),
        index in 0..REGISTRY.permissions().len(),
    ) {
        let (roles, permission) = (names(&picked), REGISTRY.permissions()[index]);
        let policy = policy();
        let decision = policy.decide(&roles, permission);
        prop_assert_eq!(policy.resolve(&roles).allows(permission), decision.is_allowed());
        if let Decision::Allowed { role, .. } = decision {
            prop_assert!(policy.role(role).unwrap().allows(permission));
        }
    }
}
