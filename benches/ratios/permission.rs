//! Whether somebody may do something, once it is known who they are.

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use multitenant_core::RoleName;
use multitenant_core::rbac::{Policy, Role};

use crate::contest::{Contest, timed};
use crate::report::Report;

/// As many as an application of some size declares.
#[allow(missing_docs, dead_code, reason = "names for the benchmark alone")]
pub(crate) mod permissions {
    multitenant_core::permissions! {
        extends multitenant_core::rbac::access::REGISTRY;
        invoices: [READ, CREATE, UPDATE, DELETE],
        customers: [READ, CREATE, UPDATE, DELETE],
        orders: [READ, CREATE, UPDATE, DELETE],
        products: [READ, CREATE, UPDATE, DELETE],
        reports: [READ, CREATE, UPDATE, DELETE],
        payments: [READ, CREATE, UPDATE, DELETE],
    }
}

use permissions::{REGISTRY, invoices};

pub(crate) fn run(criterion: &mut Criterion, report: &mut Report) {
    let policy = Policy::compile(REGISTRY, 1, &Role::defaults(REGISTRY));
    let roles = ["User", "Viewer"].map(|name| RoleName::new(name).expect("a name of a role"));
    let set = policy.resolve(&roles);
    // A handler asks for a constant; what is not known to the compiler is the person.
    let (set, roles) = (black_box(&set), black_box(&roles));
    let bits = black_box(&[0x5555_5555_5555_5555_u64; 8]);

    Contest::of("a permission, of somebody's resolved", |times| {
        timed(times, || black_box(set).allows(invoices::READ))
    })
    .within(Duration::from_nanos(5))
    .against("a bit", None, |times| {
        const INDEX: usize = invoices::READ.index();
        timed(times, || {
            let word = black_box(bits).get(INDEX / 64);
            word.is_some_and(|word| word >> (INDEX % 64) & 1 == 1)
        })
    })
    .run(criterion, report);

    Contest::of("a permission, of two roles, with its reason", |times| {
        timed(times, || {
            policy.decide(black_box(roles), invoices::READ).is_allowed()
        })
    })
    .run(criterion, report);

    Contest::of("all permissions of two roles", |times| {
        timed(times, || policy.resolve(black_box(roles)))
    })
    .run(criterion, report);
}
