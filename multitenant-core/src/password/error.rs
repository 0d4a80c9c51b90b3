/// Why a password could not be hashed or checked. A wrong password is no error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Costs outside argon2's own bounds, or beyond what one sign-in may take.
    #[error(
        "hashing cost out of bounds: memory is 8 KiB to 1 GiB and at least 8 KiB a lane, passes are 1 to 32, lanes 1 to 16"
    )]
    Cost,
    /// What is stored is no argon2id hash.
    #[error("the stored password hash is not one of argon2id; the password must be set anew")]
    Stored,
    /// Hashing failed, for instance for want of memory.
    #[error("hashing a password failed; is there enough memory?")]
    Hashing(#[source] argon2::password_hash::Error),
    /// The operating system gave no random bytes.
    #[error("no random bytes for a password from the operating system")]
    Randomness(#[source] getrandom::Error),
}
