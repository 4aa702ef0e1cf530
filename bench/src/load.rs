//! Closed loops: each client asks, reads the answer whole, thinks or not, and asks again.

use crate::client::{Connection, Request};
use crate::shop::{Draw, stream};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long and with how many clients a scenario runs.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Connections.
    pub clients: u64,
    /// How long.
    pub time: Duration,
    /// Most requests in all, so that a fast scenario ends early.
    pub requests: usize,
}

/// What a round of a scenario saw.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// Times from the first byte sent to the last byte read, sorted.
    pub times: Vec<Duration>,
    /// Answers that were not what they should be, and one of them in words.
    pub errors: usize,
    /// One of them.
    pub error: Option<String>,
    /// How long the round took.
    pub took: Duration,
}

impl Round {
    /// The time below which so many of a hundred answers stay, in milliseconds.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> f64 {
        let place = ((self.times.len() as f64 * percent / 100.0).ceil() as usize).clamp(1, self.times.len().max(1)) - 1;
        self.times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    }

    /// As JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let rounded = |ms: f64| (ms * 1_000.0).round() / 1_000.0;
        serde_json::json!({
            "requests": self.times.len(),
            "errors": self.errors,
            "error": self.error,
            "per_second": rounded(self.times.len() as f64 / self.took.as_secs_f64().max(0.001)),
            "p50_ms": rounded(self.percentile(50.0)),
            "p95_ms": rounded(self.percentile(95.0)),
            "p99_ms": rounded(self.percentile(99.0)),
            "max_ms": rounded(self.percentile(100.0)),
        })
    }

    fn join(rounds: Vec<Round>, took: Duration) -> Round {
        let mut all = Round { took, ..Round::default() };
        for round in rounds {
            all.times.extend(round.times);
            all.errors += round.errors;
            all.error = all.error.or(round.error);
        }
        all.times.sort_unstable();
        all
    }

    fn note(
        &mut self,
        request: &Request,
        outcome: std::io::Result<crate::client::Answer>,
        time: Duration,
    ) -> Option<crate::client::Answer> {
        self.times.push(time);
        let problem = match outcome {
            Ok(answer) if (200..400).contains(&answer.status) => return Some(answer),
            Ok(answer) => {
                let body = String::from_utf8_lossy(&answer.body);
                format!("{} {}: {}", answer.status, request.path, body.chars().take(300).collect::<String>())
            }
            Err(error) => format!("{}: {error}", request.path),
        };
        self.errors += 1;
        self.error.get_or_insert(problem);
        None
    }
}

/// Clients that do not think: as many requests as the server answers.
pub async fn closed_loop(host: SocketAddr, seed: u64, plan: Plan, make: Arc<dyn Fn(&mut Draw) -> Request + Send + Sync>) -> Round {
    let begun = Instant::now();
    let each = plan.requests.div_ceil(plan.clients as usize);
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..plan.clients {
        let make = make.clone();
        clients.spawn(async move {
            let mut draw = Draw::new(seed, stream::LOAD, client);
            let mut connection = Connection::new(host);
            let mut round = Round::default();
            while round.times.len() < each && begun.elapsed() < plan.time {
                let request = make(&mut draw);
                let sent = Instant::now();
                let outcome = connection.ask(&request).await;
                round.note(&request, outcome, sent.elapsed());
            }
            round
        });
    }
    Round::join(clients.join_all().await, begun.elapsed())
}

/// A person at work: a task of several requests, then a while of thinking, until the time is over.
pub struct Person {
    /// Which user, from 1.
    pub user: u64,
    /// Their numbers.
    pub draw: Draw,
    connection: Connection,
    round: Round,
}

impl Person {
    /// Asks and waits for the answer; a wrong one is counted and gives nothing.
    pub async fn ask(&mut self, request: Request) -> Option<crate::client::Answer> {
        let sent = Instant::now();
        let outcome = self.connection.ask(&request).await;
        self.round.note(&request, outcome, sent.elapsed())
    }

    /// Waits a moment: `mean` milliseconds on average.
    pub async fn think(&mut self, mean: u64) {
        tokio::time::sleep(Duration::from_millis(mean / 2 + self.draw.below(mean))).await;
    }
}

/// People who work side by side.
pub async fn people_at_work<F>(host: SocketAddr, seed: u64, people: u64, time: Duration, work: impl Fn(Person, Instant) -> F) -> Round
where
    F: Future<Output = Person> + Send + 'static,
{
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for user in 1..=people {
        let person =
            Person { user, draw: Draw::new(seed, stream::LOAD + 100, user), connection: Connection::new(host), round: Round::default() };
        tasks.spawn(work(person, begun + time));
    }
    let rounds = tasks.join_all().await.into_iter().map(|person| person.round).collect();
    Round::join(rounds, begun.elapsed())
}
