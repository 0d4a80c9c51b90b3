//! The ERP server, from its command line to its end.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use erp_server::banner::banner;
use erp_server::cli::{Cli, Command, fill_demo, look_after, show_config};
use erp_server::config::Config;
use erp_server::http::Stack;
use erp_server::keys::Secrets;
use erp_server::platform::Platform;
use erp_server::server::{Deadlines, Stop, bind, serve};
use erp_server::{health, telemetry};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    match act(Cli::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => erp_server::report(&*failure),
    }
}

fn act(cli: Cli) -> Outcome {
    let sources = cli.sources(|name| std::env::var_os(name));
    let sources = sources.with_dot_env(".env".as_ref());
    let config = Config::read(&sources)?;
    if let Command::Config = cli.command {
        return Ok(show_config(&config, &sources, cli.format)?);
    }
    telemetry::start(&config);
    let secrets = Secrets::load(&config)?;
    tokio::runtime::Runtime::new()?.block_on(async {
        match cli.command {
            Command::Platform(command) => look_after(&config, secrets, command, cli.format).await,
            _ => run(&config, secrets, cli.demo).await,
        }
    })
}

async fn run(config: &Config, secrets: Secrets, demo: bool) -> Outcome {
    let stop = Stop::on_signals()?;
    let listener = bind(config.listen).await?;
    let platform = Platform::start(config, secrets).await?;
    let app = Stack::from(config).around(
        erp_server::routes(platform.core()),
        health::routes(platform.probe()),
    );
    if let Some(admin) = platform.new_admin() {
        write!(io::stdout(), "{}", banner(listener.local_addr()?, admin))?;
    }
    if demo {
        fill_demo(&platform, config, &mut io::stdout()).await?;
    }
    serve(listener, app, Deadlines::default(), stop).await;
    platform.shut_down().await;
    tracing::info!("ended");
    Ok(())
}
