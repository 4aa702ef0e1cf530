//! `peyvand serve`: the web server and the worker in one process.

use crate::config::{LogFormat, Settings};
use crate::say::Words;
use crate::start;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use peyvand_core::platform::jobs;
use peyvand_core::platform::live::Message;
use peyvand_core::{Error, Problem, Result};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

/// What the exporter's own server would keep.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// Serves until SIGTERM or SIGINT; then lets requests under way and the job in hand come to an end.
///
/// # Errors
/// When it cannot start.
pub async fn serve(settings: &Settings, words: &Words) -> Result<()> {
    log(settings)?;
    // Listened to before anybody is told that we are ready.
    let mut signals = Signals::listen()?;
    let app = start::app(settings).await?;
    // Several processes may share a PostgreSQL server; a SQLite file has one.
    let _lock = if app.db.is_embedded() { Some(start::lock(&settings.data)?) } else { None };
    let listen = &settings.config.http.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        let key = if error.kind() == std::io::ErrorKind::AddrInUse { "cli-listen-taken" } else { "cli-listen-failed" };
        Error::from(Problem::new("", key).with("address", listen).with("detail", error))
    })?;
    let address = listener.local_addr().map_err(Error::fault)?;

    let (stop, stopped) = watch::channel(false);
    let worker = tokio::spawn(jobs::work(app.clone(), format!("serve-{}", std::process::id()), stopped.clone()));
    let mut until = stopped.clone();
    let http = &settings.config.http;
    let options = peyvand_web::Options { behind_proxy: http.behind_proxy, secure_cookies: http.secure_cookies };
    let router = peyvand_web::router(app.clone(), options, Some(metrics()?));
    let server = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).with_graceful_shutdown(async move {
        let _ = until.wait_for(|stop| *stop).await;
    });
    let server = tokio::spawn(server.into_future());

    println!("{}", words.ta("cli-serve-ready", &[("address", open_at(address).into())]));
    tracing::info!(%address, engine = ?app.db.engine(), "serving");
    let cause = signals.told().await;
    tracing::info!(cause, "stopping");
    stop.send_replace(true);
    app.live.tell(Message::Stopping);

    let bound = Duration::from_secs(settings.config.limits.shutdown_seconds);
    let both = async {
        let served = server.await;
        let worked = worker.await;
        (served, worked)
    };
    match tokio::time::timeout(bound, both).await {
        Ok((served, worked)) => {
            served.map_err(Error::fault)?.map_err(Error::fault)?;
            worked.map_err(Error::fault)?;
        }
        // A job in hand comes back when its lease ends; a request was given all the time there is.
        Err(_) => tracing::warn!(seconds = bound.as_secs(), "not everything came to an end in time"),
    }
    app.db.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Collects the figures of `/metrics` and sorts them in from time to time, so that they do not pile up unread.
fn metrics() -> Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new().install_recorder().map_err(Error::fault)?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(METRICS_UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    Ok(handle)
}

/// The address a browser opens: a server that listens everywhere is reached here by its own name.
fn open_at(address: SocketAddr) -> String {
    if address.ip().is_unspecified() { format!("http://localhost:{}/", address.port()) } else { format!("http://{address}/") }
}

/// The signals to end, heard from the moment this is made.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate()).map_err(Error::fault)?,
            interrupt: signal(SignalKind::interrupt()).map_err(Error::fault)?,
        })
    }

    async fn told(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Waits for the signal to end.
///
/// # Errors
/// When the system lets no signal be heard.
pub async fn told_to_stop() -> Result<&'static str> {
    Ok(Signals::listen()?.told().await)
}

/// Sends log lines to standard error.
///
/// # Errors
/// For a filter that cannot be read.
pub fn log(settings: &Settings) -> Result<()> {
    let log = &settings.config.log;
    let filter = EnvFilter::try_new(&log.filter).map_err(|error| {
        Problem::new("", "cli-config-value").with("key", "log.filter").with("origin", &log.filter).with("detail", error)
    })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match log.format {
        LogFormat::Json => lines.json().flatten_event(true).init(),
        LogFormat::Text => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_opened_by_name() {
        assert_eq!(open_at("0.0.0.0:80".parse().unwrap()), "http://localhost:80/");
        assert_eq!(open_at("[::]:80".parse().unwrap()), "http://localhost:80/");
        assert_eq!(open_at("127.0.0.1:8080".parse().unwrap()), "http://127.0.0.1:8080/");
    }
}
