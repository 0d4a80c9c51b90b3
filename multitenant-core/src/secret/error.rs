/// Why something could not be encrypted or decrypted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// Not in the form that we store.
    #[error("the stored secret is not in the form that we write; is it cut short?")]
    Malformed,
    /// In a form of a later version.
    #[error("the stored secret was written by a later version of this software")]
    Version,
    /// Altered, or moved to another place, or sealed under another key.
    #[error("the stored secret was altered, moved from another place, or sealed under another key")]
    Tampered,
    /// It could not be encrypted.
    #[error("the secret could not be encrypted; is it beyond 64 GiB?")]
    Encryption,
    /// The operating system gave no random bytes.
    #[error("no random bytes for a key from the operating system")]
    Randomness(#[source] getrandom::Error),
}
