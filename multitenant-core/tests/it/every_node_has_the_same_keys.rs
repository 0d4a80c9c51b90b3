//! A node with other keys than those before it does not start: it could open nothing of theirs.

use crate::common::catalog::tamper;
use crate::common::platform::Running;
use multitenant_core::keys::{KeyError, KeyProvider, LocalKeys, Vault};
use multitenant_core::platform::{Platform, PlatformError};

const ONE: &str = "DpOK8NIOuSOQlTq07Vs33tXyERHwfr_xDXKg8jYgYrI";
const OTHER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn keys(setting: &str) -> LocalKeys {
    LocalKeys::from_setting("DB_ENCRYPTION_KEY", &setting.into()).unwrap()
}

fn id(setting: &str) -> String {
    keys(setting).current().unwrap().to_string()
}

on_both_engines! {
    async fn a_node_with_another_key_does_not_start_and_says_which(place: Place) {
        let start = async |setting: &str| {
            place.platform_with(Vault::new(keys(setting))).start().await
        };
        let first = Running { platform: start(ONE).await.unwrap() };
        let refused = start(OTHER).await.map(drop).unwrap_err();
        assert!(matches!(refused, PlatformError::Keys(KeyError::OtherKey { .. })), "{refused:?}");
        let said = refused.to_string();
        for part in [&*id(ONE), &*id(OTHER), "key file", "DB_ENCRYPTION_KEY"] {
            assert!(said.contains(part), "{part} in {said}");
        }
        // While a key is exchanged for another, nodes know both.
        for both in [format!("{OTHER} {ONE}"), format!("{ONE} {OTHER}")] {
            let node = Running { platform: start(&both).await.unwrap() };
            node.platform.shut_down(std::time::Duration::ZERO).await;
        }
        start(OTHER).await.map(drop).unwrap_err();
        first.stop().await;
    }

    async fn a_key_is_written_down_only_once_it_has_opened_what_is_stored(place: Place) {
        let start = async |setting: &str| {
            place.platform_with(Vault::new(keys(setting))).start().await
        };
        let first = Running { platform: start(ONE).await.unwrap() };
        first.create("acme").await.unwrap();
        first.create("damaged").await.unwrap();
        let catalog = first.platform.catalog();
        // As it was before keys were compared.
        tamper(catalog, "DELETE FROM mt_key_checks").await.unwrap();
        tamper(catalog, "UPDATE mt_tenants SET secret = 'v1.damaged' WHERE slug = 'damaged'").await.unwrap();
        let refused = start(OTHER).await.map(drop).unwrap_err();
        assert!(matches!(refused, PlatformError::Keys(KeyError::NothingOpens(_) | KeyError::OtherKey { .. })), "{refused:?}");
        assert_eq!(catalog.key_check("sealing").await.unwrap(), None);
        let second = start(ONE).await.expect("a secret that is damaged is passed over");
        assert!(catalog.key_check("sealing").await.unwrap().is_some());
        second.shut_down(std::time::Duration::ZERO).await;
        first.stop().await;
    }

    async fn a_key_that_retires_is_needed_for_as_long_as_a_secret_is_under_it(place: Place) {
        let start = async |setting: &str| {
            place.platform_with(Vault::new(keys(setting))).start().await
        };
        let end = async |platform: Platform| { platform.shut_down(std::time::Duration::ZERO).await; };
        let both = format!("{OTHER} {ONE}");
        let first = Running { platform: start(ONE).await.unwrap() };
        first.create("acme").await.unwrap();
        end(start(&both).await.unwrap()).await;
        let refused = start(OTHER).await.map(drop).unwrap_err();
        assert!(matches!(refused, PlatformError::Keys(KeyError::OtherKey { .. })), "{refused:?}");
        first.stop().await;

        end(start(&both).await.unwrap()).await;
        end(start(OTHER).await.expect("nothing needs the old key any more")).await;
        start(ONE).await.map(drop).unwrap_err();
    }

    async fn of_two_nodes_with_key_files_of_their_own_one_starts(place: Place) {
        let folder = tempfile::tempdir().unwrap();
        let start = async |file: &str| {
            let keys = LocalKeys::from_file(&folder.path().join(file)).unwrap();
            place.platform_with(Vault::new(keys)).start().await
        };
        let (one, other) = tokio::join!(start("one"), start("other"));
        let (Ok(platform), Err(refused)) = (if one.is_ok() { (one, other) } else { (other, one) }) else {
            panic!("both started, or neither");
        };
        let needed = matches!(refused, PlatformError::Keys(KeyError::OtherKey { .. } | KeyError::Missing { .. }));
        assert!(needed, "{refused:?}");
        Running { platform }.stop().await;
    }

    async fn of_writers_that_are_at_it_at_once_all_hear_the_first(place: Place) {
        let catalog = place.catalog().await;
        let mut writers = tokio::task::JoinSet::new();
        for number in 0..8 {
            let catalog = catalog.clone();
            writers.spawn(async move {
                let change = crate::common::catalog::change();
                catalog.add_key_check(&change, "moon", &number.to_string()).await.unwrap()
            });
        }
        let heard = writers.join_all().await;
        assert!(heard.iter().all(|value| *value == heard[0]), "{heard:?}");
        assert_eq!(catalog.key_check("moon").await.unwrap().as_ref(), Some(&heard[0]));
        assert_eq!(catalog.key_check("sun").await.unwrap(), None);
        catalog.replace_key_check(&crate::common::catalog::change(), "moon", "full").await.unwrap();
        assert_eq!(catalog.key_check("moon").await.unwrap().as_deref(), Some("full"));
    }
}
