use std::net::IpAddr;

/// What a gate sees of a request. An adapter shows it as it came, and decides nothing.
pub trait RequestView: Sync {
    /// Every value of a header, as bytes, in the order in which they came. `name` is in lower
    /// case.
    fn header(&self, name: &str) -> Vec<&[u8]>;

    /// The authority of an absolute or HTTP/2 target, as it came; the `Host` header is no part
    /// of it.
    fn authority(&self) -> Option<&str>;

    /// The path, still percent-encoded.
    fn path(&self) -> &str;

    /// The query, still percent-encoded, without the question mark.
    fn query(&self) -> Option<&str>;

    /// The address of the other end of the connection.
    fn peer(&self) -> Option<IpAddr>;
}

/// A header that has to be there once came twice, or came joined by commas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the header {name} came more than once")]
pub struct RepeatedHeader {
    /// The header's name.
    pub name: &'static str,
}

/// The one value of a header.
///
/// # Errors
/// [`RepeatedHeader`] where two values came, also joined by a comma.
pub(crate) fn single_header<'r>(
    request: &'r (impl RequestView + ?Sized),
    name: &'static str,
) -> Result<Option<&'r [u8]>, RepeatedHeader> {
    match request.header(name).as_slice() {
        [] => Ok(None),
        [value] if !value.contains(&b',') => Ok(Some(value)),
        _ => Err(RepeatedHeader { name }),
    }
}

/// The host that a request was sent to, port included. Where its target names one, the `Host`
/// header does not count (RFC 9112, section 3.2.2), but must be one all the same.
pub(super) fn target_host(
    request: &(impl RequestView + ?Sized),
) -> Result<Option<&[u8]>, RepeatedHeader> {
    // Two hosts name nobody, and must not pass for none (RFC 9112, section 3.2).
    let header = single_header(request, "host")?;
    let target = request.authority().map(|it| without_user(it).as_bytes());
    Ok(target.or(header))
}

fn without_user(authority: &str) -> &str {
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
}
