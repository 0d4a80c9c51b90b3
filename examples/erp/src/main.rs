//! The ERP server, from its configuration to its end.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use erp_server::banner::banner;
use erp_server::config::{Config, Flags, Sources};
use erp_server::http::Stack;
use erp_server::keys::Secrets;
use erp_server::platform::Platform;
use erp_server::server::{Deadlines, Stop, bind, serve};
use erp_server::{health, telemetry};

type Failure = Box<dyn Error>;

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => erp_server::report(&*failure),
    }
}

fn start() -> Result<(), Failure> {
    let sources = Sources::new(Flags::parse(), |name| std::env::var_os(name));
    let config = Config::read(&sources.with_dot_env(".env".as_ref()))?;
    telemetry::start(&config);
    let secrets = Secrets::load(&config)?;
    tokio::runtime::Runtime::new()?.block_on(run(config, secrets))
}

async fn run(config: Config, secrets: Secrets) -> Result<(), Failure> {
    let stop = Stop::on_signals()?;
    let listener = bind(config.listen).await?;
    let platform = Platform::start(&config, secrets).await?;
    let probes = health::routes(platform.probe());
    let routes = erp_server::routes(platform.core());
    let app = Stack::from(&config).around(routes, probes);
    if let Some(admin) = platform.new_admin() {
        write!(io::stdout(), "{}", banner(listener.local_addr()?, admin))?;
    }
    serve(listener, app, Deadlines::default(), stop).await;
    platform.shut_down().await;
    tracing::info!("ended");
    Ok(())
}
