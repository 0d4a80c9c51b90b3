//! A node with other keys than those before it does not start: it could open nothing of theirs.

use crate::common::platform::Running;
use multitenant_core::keys::{KeyError, KeyProvider, LocalKeys, Vault};
use multitenant_core::platform::PlatformError;

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
