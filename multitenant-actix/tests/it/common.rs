//! Serving with actix.

use std::net::{SocketAddr, TcpListener};

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};

/// A server on a thread of its own, whose workers have threads of their own.
pub struct Running {
    pub address: SocketAddr,
    pub handle: ServerHandle,
    pub thread: std::thread::JoinHandle<()>,
}

/// Serves an application with request ids and problems on a free port.
pub async fn serve(
    workers: usize,
    configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = tokio::sync::oneshot::channel();
    let thread = std::thread::spawn(move || {
        let app = move || {
            App::new()
                .configure(configure.clone())
                .wrap(from_fn(multitenant_actix::problems))
                .wrap(from_fn(multitenant_actix::request_id))
        };
        actix_web::rt::System::new().block_on(async move {
            let server = HttpServer::new(app)
                .workers(workers)
                .disable_signals()
                .h1_allow_half_closed(false)
                .listen(listener)
                .unwrap()
                .run();
            tell.send(server.handle()).ok().unwrap();
            server.await.unwrap();
        });
    });
    Running {
        address,
        handle: told.await.unwrap(),
        thread,
    }
}
