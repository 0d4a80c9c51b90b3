/// Declares the permissions of an application, once and for all.
///
/// ```
/// multitenant_core::permissions! {
///     invoices: [READ, CREATE],
///     custom_fields: [READ],
/// }
///
/// fn main() {
///     assert_eq!(invoices::READ.to_string(), "invoices:read");
///     assert_eq!(custom_fields::READ.to_string(), "custom-fields:read");
///     assert_eq!(REGISTRY.permissions().len(), 3);
/// }
/// ```
///
/// It makes a module for each kind of thing with a constant for each action, and `REGISTRY`, which
/// holds them all; so it stands once in a module, and outside functions. In text, names are in lower case and `_` is `-`.
///
/// The actions are written as the constants they become, so that an editor and a search for
/// `READ` lead from a route to its declaration. A typing error does not compile:
///
/// ```compile_fail
/// # #![allow(dead_code)]
/// multitenant_core::permissions! { invoices: [READ, CREATE] }
/// fn main() { let permission = invoices::RAED; }
/// ```
///
/// Nor does a permission that is declared twice, here and in what is built upon:
///
/// ```compile_fail
/// use multitenant_core::rbac::access;
/// multitenant_core::permissions! { extends access::REGISTRY; users: [READ] }
/// fn main() { println!("{REGISTRY:?}"); }
/// ```
///
/// An application that keeps its users with us builds on the permissions for them, which then
/// stand in its registry too:
///
/// ```
/// use multitenant_core::rbac::access;
///
/// multitenant_core::permissions! {
///     extends access::REGISTRY;
///     invoices: [READ, CREATE],
/// }
///
/// fn main() {
///     assert!(REGISTRY.holds(access::users::READ));
///     assert!(!access::REGISTRY.holds(invoices::READ));
/// }
/// ```
#[macro_export]
macro_rules! permissions {
    (extends $base:expr; $($(#[$attribute:meta])* $resource:ident: [$($action:ident),+ $(,)?]),+ $(,)?) => {
        /// Every permission there is.
        #[allow(unreachable_pub, reason = "how far it is seen is for the surrounding module to say")]
        pub const REGISTRY: &$crate::rbac::Registry = {
            const BASE: &$crate::rbac::Registry = $base;
            const DECLARED: &[(&str, &[&str])] = &[
                $(($crate::__spelled!($resource), &[$($crate::__spelled!($action)),+])),+
            ];
            const COUNT: usize = $crate::rbac::__private::count(BASE, DECLARED);
            const ALL: &[$crate::rbac::Permission; COUNT] =
                &$crate::rbac::__private::declare(BASE, DECLARED);
            &$crate::rbac::__private::registry(ALL)
        };
        $(
            #[doc = concat!("What may be done with ", stringify!($resource), ".")]
            $(#[$attribute])*
            #[allow(dead_code, unreachable_pub, reason = "not every permission guards a route yet")]
            pub mod $resource {
                $(
                    #[doc = concat!("`", stringify!($resource), "`, `", stringify!($action), "`.")]
                    pub const $action: $crate::rbac::Permission = $crate::rbac::__private::find(
                        super::REGISTRY,
                        $crate::__spelled!($resource),
                        $crate::__spelled!($action),
                    );
                )+
            }
        )+
    };
    ($($declared:tt)+) => {
        $crate::permissions! { extends $crate::rbac::Registry::EMPTY; $($declared)+ }
    };
}

/// A name as it stands in text, computed by the compiler.
#[doc(hidden)]
#[macro_export]
macro_rules! __spelled {
    ($name:ident) => {{
        const NAME: &str = stringify!($name);
        const BYTES: &[u8; NAME.len()] = &$crate::rbac::__private::spell(NAME);
        $crate::rbac::__private::text(BYTES)
    }};
}

/// What `permissions!` calls at compile time; an `assert` here is an error of the compiler there.
#[doc(hidden)]
pub mod __private {
    use crate::rbac::{Permission, PermissionSet, Registry};

    /// A list of kinds of things, each with its actions.
    type Declared = [(&'static str, &'static [&'static str])];

    #[must_use]
    pub const fn spell<const N: usize>(name: &str) -> [u8; N] {
        let mut bytes = [0; N];
        let mut at = 0;
        while at < N {
            let byte = name.as_bytes()[at].to_ascii_lowercase();
            bytes[at] = if byte == b'_' { b'-' } else { byte };
            at += 1;
        }
        bytes
    }

    #[must_use]
    pub const fn text(bytes: &[u8]) -> &str {
        match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => "",
        }
    }

    #[must_use]
    pub const fn count(base: &Registry, declared: &Declared) -> usize {
        let mut count = base.permissions().len();
        let mut at = 0;
        while at < declared.len() {
            count += declared[at].1.len();
            at += 1;
        }
        assert!(
            count <= PermissionSet::CAPACITY,
            "more permissions than a set can hold"
        );
        count
    }

    #[must_use]
    pub const fn declare<const N: usize>(base: &Registry, declared: &Declared) -> [Permission; N] {
        let mut all = [Permission::new("", "", 0); N];
        let mut next = 0;
        while next < base.permissions().len() {
            all[next] = base.permissions()[next];
            next += 1;
        }
        let mut at = 0;
        while at < declared.len() {
            let (resource, actions) = declared[at];
            let mut action = 0;
            while action < actions.len() {
                let permission = Permission::new(resource, actions[action], next as u16);
                assert_new(&all, next, permission);
                all[next] = permission;
                next += 1;
                action += 1;
            }
            at += 1;
        }
        all
    }

    const fn assert_new(all: &[Permission], count: usize, permission: Permission) {
        let mut at = 0;
        while at < count {
            assert!(
                all[at].key() != permission.key(),
                "a permission is declared twice"
            );
            at += 1;
        }
    }

    #[must_use]
    pub const fn registry(all: &'static [Permission]) -> Registry {
        Registry::new(all)
    }

    #[must_use]
    pub const fn find(registry: &Registry, resource: &str, action: &str) -> Permission {
        let key = Permission::new_key(resource, action);
        let all = registry.permissions();
        let mut at = 0;
        while all[at].key() != key {
            at += 1;
        }
        all[at]
    }
}
