use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::engine::provisioner::error::ProvisionerError;
use crate::engine::provisioner::password::{LoginPassword, random};

/// What Postgres itself uses, and some drivers insist on.
const ITERATIONS: u32 = 4_096;

/// What the server keeps of a password, so that the password itself never stands in SQL or in the
/// server's log: `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` (RFC 5803).
pub(super) fn verifier(password: &LoginPassword) -> Result<String, ProvisionerError> {
    Ok(verifier_with(password.expose_secret(), &random::<16>()?))
}

/// RFC 5802, section 3.
fn verifier_with(password: &str, salt: &[u8]) -> String {
    let mut salted = Zeroizing::new([0; 32]);
    pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), salt, ITERATIONS, &mut *salted);
    let client_key = Zeroizing::new(mac(&salted, b"Client Key"));
    let stored_key = Sha256::digest(*client_key);
    let server_key = mac(&salted, b"Server Key");
    format!(
        "SCRAM-SHA-256${ITERATIONS}:{}${}:{}",
        STANDARD.encode(salt),
        STANDARD.encode(stored_key),
        STANDARD.encode(server_key)
    )
}

fn mac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // HMAC fills a short key up with zeros to a block (RFC 2104), so this is the same key.
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    Hmac::<Sha256>::new((&*block).into())
        .chain_update(message)
        .finalize()
        .into_bytes()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7677, section 3: the server's signature over the exchange there follows from ServerKey.
    #[test]
    fn the_verifier_fits_the_example_of_the_rfc() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let verifier = verifier_with("pencil", &salt);
        let parts: Vec<_> = verifier.split(['$', ':']).collect();
        assert_eq!(
            parts[..3],
            ["SCRAM-SHA-256", "4096", "W22ZaJ0SNY7soEsUEjb6gQ=="]
        );

        let exchange = "n=user,r=rOprNGfwEbeRWgbNEkqO,\
             r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
             c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let decode = |part: &str| <[u8; 32]>::try_from(STANDARD.decode(part).unwrap()).unwrap();
        let signature = mac(&decode(parts[4]), exchange.as_bytes());
        assert_eq!(
            STANDARD.encode(signature),
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        );

        // The client's proof, less its signature, must hash to StoredKey.
        let proof = decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        let signature = mac(&decode(parts[3]), exchange.as_bytes());
        let client_key: Vec<u8> = proof.iter().zip(signature).map(|(a, b)| a ^ b).collect();
        assert_eq!(STANDARD.encode(Sha256::digest(client_key)), parts[3]);
    }

    #[test]
    fn the_same_password_has_another_verifier_each_time() {
        let password = LoginPassword::generate().unwrap();
        let (a, b) = (verifier(&password).unwrap(), verifier(&password).unwrap());
        assert_ne!(a, b);
        assert!(!a.contains(password.expose_secret()));
    }
}
