use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// An address on which the server cannot listen.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot listen on {address}; is another server running there? HOST and PORT choose another address"
)]
pub struct BindError {
    address: SocketAddr,
    #[source]
    source: io::Error,
}

/// Takes an address to listen on.
///
/// # Errors
/// [`BindError`] if it is taken or not ours.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    let failure = |source| BindError { address, source };
    let listener = TcpListener::bind(address).await.map_err(failure)?;
    let address = listener.local_addr().map_err(failure)?;
    tracing::info!(%address, "listening");
    Ok(listener)
}
