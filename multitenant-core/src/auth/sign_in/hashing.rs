use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use secrecy::SecretString;
use tokio::sync::Semaphore;

use super::SignInError;
use crate::password::{Password, PasswordError, PasswordHash, PasswordHasher};

/// Hashes passwords on threads where it may block, so many at a time and with a bounded queue: a
/// flood of sign-ins costs neither memory without end nor other requests their threads.
#[derive(Clone)]
pub struct HashingQueue {
    hasher: Arc<PasswordHasher>,
    at_work: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    hashed: Arc<AtomicU64>,
}

impl HashingQueue {
    /// A queue that hashes `at_once` passwords and lets `waiting` more wait.
    #[must_use]
    pub fn new(hasher: PasswordHasher, at_once: usize, waiting: usize) -> Self {
        let at_once = at_once.max(1);
        Self {
            hasher: Arc::new(hasher),
            at_work: Arc::new(Semaphore::new(at_once)),
            admitted: Arc::new(Semaphore::new(at_once.saturating_add(waiting))),
            hashed: Arc::default(),
        }
    }

    /// Hashes a password.
    ///
    /// # Errors
    /// [`SignInError::Busy`] where the queue is full; [`SignInError::Password`].
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, SignInError> {
        self.run(move |hasher| hasher.hash(&password)).await
    }

    /// Whether a password is the one that was hashed. Without a hash it takes as long and is not.
    ///
    /// # Errors
    /// As for [`hash`](Self::hash).
    pub async fn verify(
        &self,
        attempt: SecretString,
        hash: Option<PasswordHash>,
    ) -> Result<bool, SignInError> {
        self.run(move |hasher| match &hash {
            Some(hash) => hasher.verify(&attempt, hash),
            None => hasher.verify_nobody(&attempt),
        })
        .await
    }

    /// How many passwords were hashed since the queue was made, to be kept or to be compared.
    #[must_use]
    pub fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&PasswordHasher) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, SignInError> {
        let admitted = Arc::clone(&self.admitted);
        let admitted = admitted
            .try_acquire_owned()
            .map_err(|_| SignInError::Busy)?;
        let turn = Arc::clone(&self.at_work).acquire_owned().await;
        let turn = turn.map_err(|_| SignInError::Busy)?;
        let (hasher, hashed) = (Arc::clone(&self.hasher), Arc::clone(&self.hashed));
        let worked = tokio::task::spawn_blocking(move || {
            let worked = work(&hasher);
            hashed.fetch_add(1, Ordering::Relaxed);
            // Held by the thread and not by the caller, who may go away meanwhile.
            drop((turn, admitted));
            worked
        });
        match worked.await {
            Ok(worked) => worked.map_err(SignInError::from),
            Err(_) => Err(SignInError::Busy),
        }
    }
}
