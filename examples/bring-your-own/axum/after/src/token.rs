//! Tokens of our own: a user's id and a signature.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

fn mac(secret: &SecretString, user: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
    mac.update(user.as_bytes());
    Some(mac)
}

pub(crate) fn sign(secret: &SecretString, user: i64) -> Option<String> {
    let user = user.to_string();
    let signature = mac(secret, &user)?.finalize().into_bytes();
    Some(format!("{user}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

pub(crate) fn verify(secret: &SecretString, token: &str) -> Option<i64> {
    let (user, signature) = token.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    mac(secret, user)?.verify_slice(&signature).ok()?;
    user.parse().ok()
}
