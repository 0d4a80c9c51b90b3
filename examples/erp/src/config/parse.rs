//! Turns the text of a setting into what it means; each answers `None` where it means nothing.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;

use axum::http::HeaderValue;
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use multitenant_core::ServerId;
use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use url::Url;
use zeroize::Zeroizing;

pub(super) fn host(text: &str) -> Option<IpAddr> {
    match text {
        "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
        _ => text.parse().ok(),
    }
}

pub(super) fn number(range: RangeInclusive<usize>) -> impl Fn(&str) -> Option<usize> {
    move |text| text.parse().ok().filter(|number| range.contains(number))
}

pub(super) fn switch(text: &str) -> Option<bool> {
    match text {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

/// A level, or directives such as `info,sqlx=debug`. A bare word that is no level is refused,
/// although the filter would take it for the name of a module.
pub(super) fn log_filter(text: &str) -> Option<String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |word: &str| LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word));
    let mut directives = text.split(',');
    let well_formed = directives.all(|directive| is_level(directive) || directive.contains('='));
    (well_formed && EnvFilter::try_new(text).is_ok()).then(|| text.to_owned())
}

/// A browser's origin: scheme, host and port, as it stands in the `Origin` header.
pub(super) fn origin(text: &str) -> Option<HeaderValue> {
    let url = Url::parse(text).ok()?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    let is_web = matches!(url.scheme(), "http" | "https");
    let origin = url.origin().ascii_serialization();
    (is_web && is_bare && is_anonymous && !origin.contains('*'))
        .then(|| HeaderValue::from_str(&origin).ok())
        .flatten()
}

pub(super) fn is_encryption_key(text: &str) -> bool {
    const BASE64URL: GeneralPurpose = GeneralPurpose::new(
        &URL_SAFE,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let keys = text.split_whitespace().map(|key| BASE64URL.decode(key));
    let mut keys = keys.map(|key| key.is_ok_and(|key| Zeroizing::new(key).len() == 32));
    keys.all(|is_key| is_key)
}

/// Servers by name, `name=URL` each, separated by blanks.
pub(super) fn servers(text: &str) -> Option<Vec<(ServerId, SecretString)>> {
    let mut servers: Vec<(ServerId, SecretString)> = Vec::new();
    for server in text.split_whitespace() {
        let (name, url) = server.split_once('=')?;
        let id = ServerId::new(name);
        let is_new = id != ServerId::main() && servers.iter().all(|(known, _)| *known != id);
        if !is_new || !is_server_name(name) || !is_postgres_url(url) {
            return None;
        }
        servers.push((id, url.into()));
    }
    Some(servers)
}

/// Of at most 63 lower-case letters, digits and hyphens, of which none stands first or last.
pub(crate) fn is_server_name(name: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(is_of_name)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

pub(super) fn is_postgres_url(text: &str) -> bool {
    let names_database = |url: &Url| url.path().len() > 1;
    Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "postgres" | "postgresql") && names_database(&url))
}
