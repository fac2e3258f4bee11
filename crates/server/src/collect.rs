//! `vedette collect`: the edge collector, until told to stop; `vedette collect check`.

use std::sync::Arc;

use ::collect::{Collector, Config, Finding};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::field::display;

use crate::cli::{CollectArgs, CollectCommand};
use crate::config::LogFormat;
use crate::error::Error;
use crate::{log, say, wait};

/// Runs the subcommand.
pub fn run(arguments: &CollectArgs) -> Result<(), Error> {
    let config = Config::load(&arguments.config)?;
    match arguments.command {
        Some(CollectCommand::Check) => wait(check(&config)),
        None => {
            log(&config.log.level, if config.log.json { LogFormat::Json } else { LogFormat::Text });
            wait(serve(config))
        }
    }
}

async fn check(config: &Config) -> Result<(), Error> {
    let findings = ::collect::check(config).await;
    let mut wrong = 0;
    for Finding { what, told } in &findings {
        match told {
            Ok(told) => say(&format!("ok     {what}: {told}\n")),
            Err(told) => {
                wrong += 1;
                say(&format!("WRONG  {what}: {told}\n"));
            }
        }
    }
    if wrong == 0 { Ok(()) } else { Err(Error::Told(format!("{wrong} of {} are wrong", findings.len()))) }
}

async fn serve(config: Config) -> Result<(), Error> {
    let metrics = config.metrics.listen;
    let centre = config.centre.url.clone();
    let collector = Arc::new(Collector::start(config).await?);
    let addresses = collector.addresses();
    let mut metrics_address = None;
    let serving = match metrics {
        None => None,
        Some(address) => {
            let failed = |source| Error::Listen { address: address.to_string(), source };
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            metrics_address = Some(listener.local_addr().map_err(failed)?);
            let serve = axum::serve(listener, router(collector.clone()));
            Some(tokio::spawn(async move { serve.await }))
        }
    };
    let (udp, tcp, tls) = (addresses.udp.map(display), addresses.tcp.map(display), addresses.tls.map(display));
    let (http, forward, metrics) =
        (addresses.http.map(display), addresses.forward.map(display), metrics_address.map(display));
    tracing::info!(centre, udp, tcp, tls, http, forward, metrics, "vedette collects");

    let no_signals = |error: std::io::Error| Error::Told(format!("signals cannot be received: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping; what is not handed on yet stays in the buffer");
    if let Some(serving) = serving {
        serving.abort();
        // It ends by being aborted.
        let _ = serving.await;
    }
    match Arc::try_unwrap(collector) {
        Ok(collector) => collector.stop().await,
        // A request for metrics is being answered; what was taken is on disk all the same.
        Err(collector) => drop(collector),
    }
    Ok(())
}

fn router(collector: Arc<Collector>) -> Router {
    Router::new().route("/metrics", get(metrics)).route("/healthz", get(health)).with_state(collector)
}

async fn metrics(State(collector): State<Arc<Collector>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], collector.stats().render())
}

async fn health(State(collector): State<Arc<Collector>>) -> impl IntoResponse {
    let problems = collector.stats().problems();
    if problems.is_empty() {
        (StatusCode::OK, "well\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, problems.join("\n") + "\n")
    }
}
