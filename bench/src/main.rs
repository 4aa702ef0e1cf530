//! Measures Peyvand: fills databases with a seeded shop and asks a running program for what people ask for.
//! `docs/benchmarks.md` explains what is measured and how to repeat it.

mod generate;
mod names;
mod shop;

use clap::{Args, Parser, Subcommand};
use generate::Outcome;
use peyvand_db::{Db, Options};
use shop::{DAY, Shop, Size};
use std::path::PathBuf;

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
    }
}
