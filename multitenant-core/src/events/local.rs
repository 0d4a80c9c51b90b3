use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Event, EventKind, FollowError, Intent, IntentError, Intents, LogReader, Position};

/// A log of changes within one process, for a platform of one node without a catalog. It has one
/// reader: what was read is forgotten.
///
/// ```
/// # use multitenant_core::{TenantId, events::*};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let log = LocalLog::default();
/// let intent = log.open(vec![EventKind::PolicyChanged { tenant: TenantId::generate() }]).await?;
/// log.close(&intent).await?;
/// assert_eq!(log.changes_since(Position::START).await?.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct LocalLog {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    head: i64,
    events: VecDeque<Event>,
    open: HashMap<Uuid, (Intent, Instant)>,
}

impl State {
    fn publish(&mut self, kinds: &[EventKind]) {
        for kind in kinds {
            self.head += 1;
            self.events.push_back(Event {
                position: Position::new(self.head),
                kind: kind.clone(),
            });
        }
    }

    fn orphans(&self, age: Duration) -> Vec<Uuid> {
        let old = self.open.values().filter(|(_, at)| at.elapsed() >= age);
        old.map(|(intent, _)| intent.id()).collect()
    }
}

#[async_trait]
impl LogReader for LocalLog {
    async fn changes_since(&self, position: Position) -> Result<Vec<Event>, FollowError> {
        let mut state = self.state.lock();
        state.events.retain(|event| event.position > position);
        Ok(state.events.iter().cloned().collect())
    }
}

#[async_trait]
impl Intents for LocalLog {
    async fn open(&self, events: Vec<EventKind>) -> Result<Intent, IntentError> {
        let intent = Intent::new(events);
        let entry = (intent.clone(), Instant::now());
        self.state.lock().open.insert(intent.id(), entry);
        Ok(intent)
    }

    async fn close(&self, intent: &Intent) -> Result<(), IntentError> {
        let mut state = self.state.lock();
        state.open.remove(&intent.id());
        state.publish(intent.events());
        Ok(())
    }

    async fn sweep(&self, age: Duration) -> Result<usize, IntentError> {
        let mut state = self.state.lock();
        let orphans = state.orphans(age);
        for id in &orphans {
            if let Some((intent, _)) = state.open.remove(id) {
                state.publish(intent.events());
            }
        }
        Ok(orphans.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TenantId;

    fn change() -> Vec<EventKind> {
        let tenant = TenantId::generate();
        vec![EventKind::TenantChanged { tenant }]
    }

    async fn numbers(log: &LocalLog, after: i64) -> Vec<i64> {
        let events = log.changes_since(Position::new(after)).await.unwrap();
        events.iter().map(|event| event.position.number()).collect()
    }

    #[tokio::test]
    async fn a_closed_intent_is_an_event() {
        let log = LocalLog::default();
        let (first, second) = (log.open(change()).await, log.open(change()).await);
        assert!(numbers(&log, 0).await.is_empty());
        log.close(&second.unwrap()).await.unwrap();
        log.close(&first.unwrap()).await.unwrap();
        assert_eq!(numbers(&log, 0).await, [1, 2]);
        assert_eq!(numbers(&log, 1).await, [2]);
    }

    #[tokio::test]
    async fn an_orphaned_intent_becomes_an_event_once_it_is_old() {
        let log = LocalLog::default();
        let _orphan = log.open(change()).await.unwrap();
        assert_eq!(log.sweep(ORPHAN).await.unwrap(), 0);
        assert_eq!(log.sweep(Duration::ZERO).await.unwrap(), 1);
        assert_eq!(log.sweep(Duration::ZERO).await.unwrap(), 0);
        assert_eq!(numbers(&log, 0).await, [1]);
    }

    const ORPHAN: Duration = super::super::ORPHAN_AGE;
}
