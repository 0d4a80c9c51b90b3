//! A way to the database server that can be cut off and given back.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub struct Proxy {
    pub address: SocketAddr,
    open: Arc<watch::Sender<bool>>,
    running: JoinHandle<()>,
}

impl Proxy {
    pub async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let open = Arc::new(watch::Sender::new(true));
        let running = tokio::spawn(accept(listener, server, Arc::clone(&open)));
        Self {
            address,
            open,
            running,
        }
    }

    /// Breaks every connection and lets no other through.
    pub fn cut(&self) {
        self.open.send_replace(false);
    }

    pub fn mend(&self) {
        self.open.send_replace(true);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn accept(listener: TcpListener, server: String, open: Arc<watch::Sender<bool>>) {
    while let Ok((near, _)) = listener.accept().await {
        let (server, mut watch) = (server.clone(), open.subscribe());
        if *watch.borrow() {
            tokio::spawn(async move {
                tokio::select! {
                    _ = watch.wait_for(|open| !open) => {}
                    () = pass_on(near, &server) => {}
                }
            });
        }
    }
}

async fn pass_on(mut near: TcpStream, server: &str) {
    if let Ok(mut far) = TcpStream::connect(server).await {
        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
    }
}
