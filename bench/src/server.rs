//! The program under measure as a process of its own, and what the machine says of it.

use crate::Place;
use crate::client::{Connection, Request};
use crate::generate::Outcome;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// A process that serves.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub host: SocketAddr,
    /// From its start to its first answer that says it is ready.
    pub ready: Duration,
}

/// A database that takes longer than this to be ready is broken.
const START: Duration = Duration::from_secs(60);

impl Server {
    /// Starts `peyvand serve` and waits until it is ready.
    pub async fn start(binary: &Path, place: &Place) -> Outcome<Server> {
        let mut command = Command::new(binary);
        command.arg("serve");
        // The program writes a line for each request; who measures does not read them.
        command.env("PEYVAND__LOG__FILTER", "warn");
        Server::spawn(command, place, "/readyz").await
    }

    /// Starts the bare handler of this tool.
    pub async fn bare(place: &Place) -> Outcome<Server> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("bare");
        Server::spawn(command, place, "/").await
    }

    async fn spawn(mut command: Command, place: &Place, ready: &str) -> Outcome<Server> {
        let host = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        command.arg("--data").arg(&place.data).arg("--listen").arg(host.to_string());
        if let Some(url) = &place.database {
            command.arg("--database").arg(url);
        }
        command.stdout(std::process::Stdio::null()).kill_on_drop(true);
        let begun = Instant::now();
        let mut child = command.spawn()?;
        let request = Request { path: ready.to_owned(), ..Request::default() };
        loop {
            if let Ok(answer) = Connection::new(host).ask(&request).await
                && answer.status == 200
            {
                return Ok(Server { child, host, ready: begun.elapsed() });
            }
            if let Some(status) = child.try_wait()? {
                return Err(format!("the server ended with {status} before it was ready").into());
            }
            if begun.elapsed() > START {
                return Err("the server was not ready in time".into());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Resident memory now and at most, in bytes.
    pub fn memory(&self) -> Outcome<(u64, u64)> {
        let pid = self.child.id().ok_or("the server has ended")?;
        let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let field = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) * 1024
        };
        Ok((field("VmRSS:"), field("VmHWM:")))
    }

    /// Tells it to stop and waits.
    pub async fn stop(mut self) -> Outcome<()> {
        if let Some(pid) = self.child.id() {
            Command::new("kill").arg("-TERM").arg(pid.to_string()).status().await?;
        }
        tokio::time::timeout(START, self.child.wait()).await??;
        Ok(())
    }
}

/// Cores, memory and processor, for the report.
pub fn machine() -> serde_json::Value {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let line = |text: &str, name: &str| {
        text.lines().find(|line| line.starts_with(name)).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned())
    };
    let memory = line(&read("/proc/meminfo"), "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok()).unwrap_or(0);
    serde_json::json!({
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "processor": line(&read("/proc/cpuinfo"), "model name"),
        "memory_gb": memory / 1_048_576,
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
    })
}
