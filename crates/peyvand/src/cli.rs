//! The command line: what can be asked of the program.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// A customer base for a shop: find anyone in an instant, see the whole relation, never miss a follow-up.
#[derive(Debug, Parser)]
#[command(name = "peyvand", version, propagate_version = true, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// Data folder: database, keys, uploads. Made when it is missing
    #[arg(long, global = true, value_name = "DIR", env = "PEYVAND_DATA", default_value = "data")]
    pub data: PathBuf,
    /// Database: postgres://USER:PASSWORD@HOST/NAME or sqlite:PATH [default: peyvand.db in the data folder]
    #[arg(long, global = true, value_name = "URL")]
    pub database: Option<String>,
    /// Settings file [default: peyvand.toml in the data folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Language of messages: fa, ar, en [default: that of the terminal]
    #[arg(long, global = true, value_name = "LANG")]
    pub lang: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the pages and the API
    Serve {
        /// Address and port to listen on; port 0 takes any free one
        #[arg(long, value_name = "ADDR")]
        listen: Option<String>,
    },
    /// Bring the database to the newest version
    Migrate,
    /// People who may sign in
    #[command(subcommand)]
    User(User),
    /// Tokens for programs that use the API
    #[command(subcommand)]
    Token(Token),
    /// Run an operation and print its result as JSON
    Op(Op),
    /// Bring a file in: customers, purchases or interactions
    Import(Box<crate::import::Arguments>),
    /// Print the description of the API (OpenAPI 3.1)
    Openapi,
    /// Fill an empty database with a shop to try things on
    Demo(Demo),
    /// Check the installation and say what to do
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write everything to one file, while the program may be running
    Backup {
        /// The file to write; must not exist
        file: PathBuf,
        /// Leave the keys out. Without them, national IDs in the backup cannot be read
        #[arg(long)]
        without_keys: bool,
    },
    /// Fill an empty database from a backup, of this or the other engine
    Restore {
        /// The file to read
        file: PathBuf,
    },
    /// Keys for what is encrypted at rest
    #[command(subcommand)]
    Keys(Keys),
    /// Settings
    #[command(subcommand)]
    Config(Config),
}

#[derive(Debug, Subcommand)]
pub enum User {
    /// Add a user
    Add {
        /// E-mail address, with which they sign in
        #[arg(long)]
        email: String,
        /// Name
        #[arg(long)]
        name: String,
        /// Post: owner, manager, agent or one of your own
        #[arg(long, default_value = "agent")]
        post: String,
        /// Unit, by its name [default: the first one]
        #[arg(long)]
        unit: Option<String>,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token and print it alone; it is not shown again
    Create {
        /// E-mail address of the user in whose name it acts
        #[arg(long, value_name = "EMAIL")]
        user: String,
        /// What it is for
        #[arg(long, default_value = "command line")]
        name: String,
        /// Rights it is limited to, such as parties.see,interactions.create [default: all of the user's]
        #[arg(long, value_delimiter = ',')]
        scopes: Vec<String>,
        /// Days until it ends [default: never]
        #[arg(long)]
        days: Option<i64>,
    },
}

/// Arguments of `op`.
#[derive(Debug, Args)]
pub struct Op {
    /// Name of the operation, such as parties.search
    #[arg(required_unless_present = "list")]
    pub name: Option<String>,
    /// Its input: key=value, and - to read a JSON object from standard input
    #[arg(value_name = "KEY=VALUE")]
    pub input: Vec<String>,
    /// List all operations
    #[arg(long)]
    pub list: bool,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// The same seed and date give the same shop
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The day that the shop's history ends on, as 2026-11-21 [default: today]
    #[arg(long)]
    pub date: Option<String>,
    /// How many customers
    #[arg(long, default_value_t = 2400)]
    pub customers: usize,
}

#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Put a new key in force and seal everything anew with it
    Rotate,
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print every setting, its value and where it comes from; secrets are masked
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a settings file with every setting and its default
    Example,
}
