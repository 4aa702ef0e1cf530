//! Measures Peyvand: fills databases with a seeded shop and asks a running program for what people ask for.
//! `docs/benchmarks.md` explains what is measured and how to repeat it.

mod bare;
mod client;
mod follow;
mod generate;
mod import;
mod indicators;
mod insight;
mod load;
mod measure;
mod names;
mod report;
mod server;
mod shop;

use clap::{Args, Parser, Subcommand};
use generate::Outcome;
use measure::{Effort, Subject};
use peyvand_db::{Db, Options, sql};
use serde_json::Value;
use shop::{DAY, Shop, Size};
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Parser)]
#[command(about = "Measures Peyvand")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fills an empty database with a seeded shop.
    Generate {
        /// Where.
        #[command(flatten)]
        place: Place,
        /// How large.
        #[command(flatten)]
        shop: ShopArgs,
    },
    /// Measures a program on a generated database, which is made when it is not there.
    Run {
        /// Where.
        #[command(flatten)]
        place: Place,
        /// How large.
        #[command(flatten)]
        shop: ShopArgs,
        /// The program.
        #[arg(long, default_value = "target/release/peyvand")]
        binary: PathBuf,
        /// File for the results.
        #[arg(long)]
        out: PathBuf,
        /// Only these: list, search, customer, segments, insight, lifecycle, indicators, follow, bare, work, wire, import. What the
        /// file for the results has of others stays.
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
        /// Length of a round, in seconds.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// An empty PostgreSQL database, for the import into an empty one.
        #[arg(long)]
        empty_database: Option<String>,
    },
    /// The bare handler that the API is compared with.
    Bare {
        /// Where.
        #[command(flatten)]
        place: Place,
        /// Address to listen on.
        #[arg(long)]
        listen: String,
    },
    /// Puts result files as tables into a document.
    Report {
        /// The document.
        #[arg(long)]
        into: PathBuf,
        /// The result files.
        results: Vec<PathBuf>,
    },
}

/// Where the database is.
#[derive(Args, Clone)]
struct Place {
    /// Data folder: keys, and the database when it is SQLite.
    #[arg(long)]
    data: PathBuf,
    /// Address of a PostgreSQL database.
    #[arg(long)]
    database: Option<String>,
}

/// The size of the shop.
#[derive(Args, Clone)]
struct ShopArgs {
    /// Customers.
    #[arg(long, default_value_t = 1_000_000)]
    parties: u64,
    /// Purchases; five for each customer when absent.
    #[arg(long)]
    purchases: Option<u64>,
    /// Interactions; five for each customer when absent.
    #[arg(long)]
    interactions: Option<u64>,
    /// Where its numbers come from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Place {
    fn url(&self) -> String {
        self.database.clone().unwrap_or_else(|| format!("sqlite:{}", self.data.join("peyvand.db").display()))
    }

    async fn open(&self) -> Outcome<Db> {
        std::fs::create_dir_all(&self.data)?;
        Ok(Db::open(&self.url(), &Options { connections: 4, named_statements: true }).await?)
    }
}

impl ShopArgs {
    /// The shop as of midnight UTC, so that runs of one day are the same.
    fn shop(&self) -> Shop {
        let now = jiff::Timestamp::now().as_millisecond() / DAY * DAY;
        let size = Size {
            parties: self.parties.max(1_000),
            purchases: self.purchases.unwrap_or(self.parties * 5),
            interactions: self.interactions.unwrap_or(self.parties * 5),
            follow_ups: self.parties * 3 / 10,
        };
        Shop { size, seed: self.seed, now }
    }
}

#[tokio::main]
async fn main() -> Outcome<()> {
    match Cli::parse().command {
        Command::Generate { place, shop } => {
            let db = place.open().await?;
            generate::generate(&db, &place.data, shop.shop()).await?;
            db.close().await;
            Ok(())
        }
        Command::Run { place, shop, binary, out, only, seconds, empty_database } => {
            let effort = Effort {
                round: Duration::from_secs(seconds),
                work: Duration::from_secs((seconds * 12).max(40)),
                rows: (shop.parties / 5).max(100_000),
            };
            let wanted = |group: &str| only.is_empty() || only.iter().any(|one| one == group);
            run(&place, shop.shop(), &binary, &out, effort, empty_database, wanted).await
        }
        Command::Bare { place, listen } => bare::serve(&place, &listen).await,
        Command::Report { into, results } => report::into(&into, &results),
    }
}

async fn run(
    place: &Place,
    shop: Shop,
    binary: &Path,
    out: &Path,
    effort: Effort,
    empty_database: Option<String>,
    wanted: impl Fn(&str) -> bool,
) -> Outcome<()> {
    let db = place.open().await?;
    let shop = match generate::stored(&db).await? {
        Some(stored) => stored,
        None => {
            generate::generate(&db, &place.data, shop).await?;
            shop
        }
    };
    let engine = generate::engine(&db).await?;
    let bytes = db.size().await?;
    db.close().await;
    let mut results = Vec::new();

    if wanted("insight") {
        insight::rebuild(binary, place, &shop, &mut results).await?;
    }
    insight::settle(binary, place).await?;
    if wanted("lifecycle") {
        insight::replay(binary, place, &shop, &mut results).await?;
    }
    if wanted("indicators") {
        indicators::indicators(binary, place, &shop, &mut results).await?;
    }
    if ["list", "search", "customer", "segments", "insight", "follow", "bare", "work", "wire"].iter().any(|group| wanted(group)) {
        let server = measure::start(binary, place, &mut results).await?;
        let mut subject = Subject { shop, host: server.host, effort, results: &mut results };
        if wanted("wire") {
            subject.wire().await?;
        }
        if wanted("list") {
            subject.list().await?;
        }
        if wanted("search") {
            subject.search().await?;
        }
        if wanted("customer") {
            subject.customer().await?;
        }
        if wanted("segments") {
            subject.segments().await?;
        }
        if wanted("insight") {
            subject.insight().await?;
        }
        if wanted("bare") {
            subject.bare(place).await?;
        }
        if wanted("work") {
            subject.work().await?;
            subject.writers().await?;
        }
        if wanted("follow") {
            follow::follow(server.host, place, shop, effort.work, &mut results).await?;
        }
        measure::memory_after(&server, &mut results)?;
        server.stop().await?;
    }
    if wanted("import") {
        let folder = place.data.join("files");
        std::fs::create_dir_all(&folder)?;
        let empty = Place { data: place.data.join("empty"), database: empty_database };
        if place.database.is_none() && empty.data.exists() {
            std::fs::remove_dir_all(&empty.data)?;
        }
        if place.database.is_none() || empty.database.is_some() {
            let db = empty.open().await?;
            generate::generate(&db, &empty.data, Shop { size: Size { parties: 0, purchases: 0, interactions: 0, follow_ups: 0 }, ..shop })
                .await?;
            db.close().await;
            let file = import::parties_file(&folder, &shop, effort.rows, 1)?;
            import::run(binary, &empty, "parties", &file, "parties into an empty database", 10_000.0, &mut results).await?;
        }
        // People and invoices that no run before this one has brought.
        let db = place.open().await?;
        let (before,): (i64,) = db.one(sql("SELECT count(*) FROM imports")).await?;
        db.close().await;
        let draw = 2 + before.unsigned_abs();
        let file = import::parties_file(&folder, &shop, effort.rows, draw)?;
        import::run(binary, place, "parties", &file, "parties into the full database", 10_000.0, &mut results).await?;
        let file = import::purchases_file(&folder, &shop, effort.rows * 2, draw)?;
        import::run(binary, place, "purchases", &file, "purchase lines into the full database", 25_000.0, &mut results).await?;
    }

    let size = serde_json::json!({"parties": shop.size.parties, "purchases": shop.size.purchases, "interactions": shop.size.interactions,
        "follow_ups": shop.size.follow_ups, "bytes": bytes});
    let results = beside(out, &size, results);
    let document = serde_json::json!({
        "engine": engine,
        "date": jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
        "machine": server::machine(),
        "size": size,
        "seed": shop.seed,
        "round_seconds": effort.round.as_secs(),
        "results": results,
    });
    if let Some(folder) = out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(out, format!("{}\n", serde_json::to_string_pretty(&document)?))?;
    println!("{}", report::table(&document));
    Ok(())
}

/// New results beside those of other groups that the file has of the same shop.
fn beside(out: &Path, size: &Value, new: Vec<Value>) -> Vec<Value> {
    let before: Value = std::fs::read(out).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let is_same = ["parties", "purchases", "interactions"].iter().all(|what| before["size"][what] == size[what]);
    let is_kept = |one: &&Value| is_same && new.iter().all(|another| another["group"] != one["group"]);
    let kept: Vec<Value> = before["results"].as_array().into_iter().flatten().filter(is_kept).cloned().collect();
    kept.into_iter().chain(new).collect()
}
