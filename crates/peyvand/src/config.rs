//! Settings: defaults, then `peyvand.toml`, then the environment, then the command line. One struct per concern;
//! a key that nobody knows is an error, because a setting that is silently ignored is worse than none.

use peyvand_core::{Error, Problem, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::{Table, Value};

/// Begins the name of an environment variable that carries a setting: `PEYVAND__HTTP__LISTEN`.
const PREFIX: &str = "PEYVAND__";
/// Settings whose values are never shown.
const SECRETS: &[&str] = &["mail.password"];

/// Settings of the program. What belongs to the organisation (language, currency, working days) is not here: it is
/// kept in the database and changed on the settings page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the data are kept.
    pub database: Database,
    /// Where the program is reached.
    pub http: Http,
    /// What is written down about its work.
    pub log: Log,
    /// The mail server for reminders. Without a host no mail is sent.
    pub mail: Mail,
    /// Bounds.
    pub limits: Limits,
}

/// Where the data are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// Address: postgres://USER:PASSWORD@HOST/NAME, or sqlite:PATH. Empty: the file peyvand.db in the data folder.
    pub url: String,
    /// Connections for reading (SQLite) or in all (PostgreSQL).
    pub connections: u32,
    /// Off behind a connection pooler in transaction mode (such as PgBouncer), which loses named statements.
    pub named_statements: bool,
}

impl Default for Database {
    fn default() -> Self {
        let options = peyvand_db::Options::default();
        Database { url: String::new(), connections: options.connections, named_statements: options.named_statements }
    }
}

/// Where the program is reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address and port to listen on. 0.0.0.0:8080 lets other machines in; put a TLS proxy in front of it then.
    pub listen: String,
    /// Take the caller's address from the header X-Forwarded-For: only behind a proxy that sets it.
    pub behind_proxy: bool,
    /// Send cookies through HTTPS only: when pages are reached through HTTPS.
    pub secure_cookies: bool,
}

impl Default for Http {
    fn default() -> Self {
        Http { listen: "127.0.0.1:8080".to_owned(), behind_proxy: false, secure_cookies: false }
    }
}

/// What is written down about the program's work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// How much: error, warn, info, debug, trace; also by part: "info,peyvand_core=debug".
    pub filter: String,
    /// How: text for people, json for machines (one object a line).
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Log { filter: "info".to_owned(), format: LogFormat::Text }
    }
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// The mail server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// Its name, such as mail.example.ir.
    pub host: String,
    /// Its port: 587 for starttls, 465 for tls.
    pub port: u16,
    /// How the connection is secured: starttls, tls, or none for a server on the same machine.
    pub security: Security,
    /// User at the server; empty when it asks for none.
    pub user: String,
    /// Password at the server.
    pub password: String,
    /// Sender of our mails: Peyvand <crm@example.ir>
    pub from: String,
}

impl Default for Mail {
    fn default() -> Self {
        Mail {
            host: String::new(),
            port: 587,
            security: Security::Starttls,
            user: String::new(),
            password: String::new(),
            from: String::new(),
        }
    }
}

/// How the connection to the mail server is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Plain at first, then encrypted; refuses to go on without.
    Starttls,
    /// Encrypted from the start.
    Tls,
    /// Not at all.
    None,
}

/// Bounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// How long requests that are under way may take to finish when the program is told to stop, in seconds.
    pub shutdown_seconds: u64,
    /// Below so many free megabytes in the data folder, peyvand doctor complains.
    pub free_disk_mb: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { shutdown_seconds: 10, free_disk_mb: 512 }
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// The settings file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// An option of the command.
    Option(&'static str),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Environment(name) => f.write_str(name),
            Origin::Option(name) => f.write_str(name),
        }
    }
}

/// Settings in force, and where each comes from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The settings.
    pub config: Config,
    /// The data folder.
    pub data: PathBuf,
    origins: BTreeMap<String, Origin>,
}

/// What the command line says about settings.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The data folder.
    pub data: PathBuf,
    /// The settings file, when it is not `peyvand.toml` in the data folder.
    pub file: Option<PathBuf>,
    /// `--database`.
    pub database: Option<String>,
    /// `--listen`.
    pub listen: Option<String>,
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the place and a hint for a file that is no TOML, a key that nobody knows and a value
    /// of the wrong kind.
    pub fn load(given: &Given, environment: impl Iterator<Item = (String, String)>) -> Result<Settings> {
        let mut table = Table::try_from(Config::default()).map_err(Error::fault)?;
        let mut origins: BTreeMap<String, Origin> = keys(&table).into_iter().map(|key| (key, Origin::Default)).collect();
        let path = given.file.clone().unwrap_or_else(|| given.data.join("peyvand.toml"));
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let read: Table = toml::from_str(&text).map_err(|error| {
                    Problem::new("", "cli-config-syntax").with("file", path.display()).with("detail", error.to_string().trim())
                })?;
                for (section, values) in read {
                    let Value::Table(values) = values else {
                        return Err(unknown(&section, &path.display().to_string(), &origins));
                    };
                    for (name, value) in values {
                        put(&mut table, &mut origins, &format!("{section}.{name}"), value, Origin::File(path.clone()))?;
                    }
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && given.file.is_none() => {}
            Err(error) => {
                return Err(Problem::new("", "cli-config-unreadable").with("file", path.display()).with("detail", error).into());
            }
        }
        for (name, text) in environment {
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            let key = match rest {
                // The one setting that nearly everybody needs has a short name too.
                "DATABASE" => "database.url".to_owned(),
                rest => rest.to_ascii_lowercase().replacen("__", ".", 1),
            };
            let value = match find(&table, &key) {
                Some(Value::Integer(_)) => text.trim().parse().map_or(Value::String(text), Value::Integer),
                Some(Value::Boolean(_)) => text.trim().parse().map_or(Value::String(text), Value::Boolean),
                _ => Value::String(text),
            };
            put(&mut table, &mut origins, &key, value, Origin::Environment(name))?;
        }
        if let Some(url) = &given.database {
            put(&mut table, &mut origins, "database.url", Value::String(url.clone()), Origin::Option("--database"))?;
        }
        if let Some(listen) = &given.listen {
            put(&mut table, &mut origins, "http.listen", Value::String(listen.clone()), Origin::Option("--listen"))?;
        }
        let config = table.try_into().map_err(|error: toml::de::Error| {
            Problem::new("", "cli-config-value").with("key", "?").with("origin", "?").with("detail", error.message())
        })?;
        Ok(Settings { config, data: given.data.clone(), origins })
    }

    /// The address of the database.
    #[must_use]
    pub fn database_url(&self) -> String {
        if self.config.database.url.is_empty() {
            format!("sqlite:{}", self.data.join("peyvand.db").display())
        } else {
            self.config.database.url.clone()
        }
    }

    /// Whether an environment variable gives this setting (`section.name`).
    #[must_use]
    pub fn is_from_environment(&self, key: &str) -> bool {
        matches!(self.origins.get(key), Some(Origin::Environment(_)))
    }

    /// Each setting with its value, secrets masked, and its origin.
    ///
    /// # Errors
    /// Never in practice.
    pub fn show(&self) -> Result<Vec<(String, String, String)>> {
        let table = Table::try_from(&self.config).map_err(Error::fault)?;
        Ok(self
            .origins
            .iter()
            .map(|(key, origin)| {
                let value = match find(&table, key) {
                    Some(Value::String(text)) => shown(key, text),
                    Some(other) => other.to_string(),
                    None => String::new(),
                };
                (key.clone(), value, origin.to_string())
            })
            .collect())
    }
}

/// A text value as it may be shown.
fn shown(key: &str, text: &str) -> String {
    let text = if SECRETS.contains(&key) && !text.is_empty() { "•••".to_owned() } else { without_password(text) };
    Value::String(text).to_string()
}

/// An address with its password masked: `postgres://user:•••@host/name`.
#[must_use]
pub fn without_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    let Some((user, host)) = rest[..end].rsplit_once('@') else { return address.to_owned() };
    let user = user.split_once(':').map_or(user.to_owned(), |(user, _)| format!("{user}:•••"));
    format!("{scheme}://{user}@{host}{}", &rest[end..])
}

fn keys(table: &Table) -> Vec<String> {
    table
        .iter()
        .flat_map(|(section, values)| {
            values.as_table().into_iter().flat_map(move |values| values.keys().map(move |name| format!("{section}.{name}")))
        })
        .collect()
}

fn find<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    let (section, name) = key.split_once('.')?;
    table.get(section)?.as_table()?.get(name)
}

/// Sets one value, after trying whether the settings can be read with it, so that a message names the one that is wrong.
fn put(table: &mut Table, origins: &mut BTreeMap<String, Origin>, key: &str, value: Value, origin: Origin) -> Result<()> {
    if !origins.contains_key(key) {
        return Err(unknown(key, &origin.to_string(), origins));
    }
    let Some(place) = key.split_once('.').and_then(|(section, name)| table.get_mut(section)?.as_table_mut()?.get_mut(name)) else {
        return Err(unknown(key, &origin.to_string(), origins));
    };
    *place = value;
    table
        .clone()
        .try_into::<Config>()
        .map_err(|error| Problem::new("", "cli-config-value").with("key", key).with("origin", &origin).with("detail", error.message()))?;
    origins.insert(key.to_owned(), origin);
    Ok(())
}

fn unknown(key: &str, origin: &str, origins: &BTreeMap<String, Origin>) -> Error {
    let nearest = origins.keys().min_by_key(|known| distance(key, known)).filter(|known| distance(key, known) <= known.len() / 2);
    let problem = match nearest {
        Some(nearest) => Problem::new("", "cli-config-unknown-near").with("near", nearest),
        None => Problem::new("", "cli-config-unknown"),
    };
    problem.with("key", key).with("origin", origin).into()
}

/// Levenshtein's distance in bytes; the keys are ASCII.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// The text of `peyvand.toml.example`: every setting with its meaning, its default and its environment variable.
///
/// # Errors
/// Never in practice.
pub fn example() -> Result<String> {
    let schema = schemars::SchemaGenerator::default().into_root_schema_for::<Config>();
    let schema = schema.as_value();
    let table = Table::try_from(Config::default()).map_err(Error::fault)?;
    let mut out = String::new();
    let about = |value: Option<&serde_json::Value>| {
        value.and_then(|schema| schema.get("description")).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    };
    let comment = |out: &mut String, text: &str| {
        for line in text.lines() {
            out.push_str(&format!("# {line}\n"));
        }
    };
    comment(&mut out, &about(Some(schema)));
    comment(&mut out, "Copy this file to peyvand.toml in the data folder and take the # from the lines you change.");
    for (section, values) in &table {
        let field = schema.pointer(&format!("/properties/{section}"));
        let target = field
            .and_then(|field| field.get("$ref"))
            .and_then(serde_json::Value::as_str)
            .and_then(|reference| schema.pointer(reference.trim_start_matches('#')));
        out.push('\n');
        comment(&mut out, &about(field));
        out.push_str(&format!("[{section}]\n"));
        for (name, value) in values.as_table().into_iter().flatten() {
            comment(&mut out, &about(target.and_then(|target| target.pointer(&format!("/properties/{name}")))));
            comment(&mut out, &format!("Environment: {PREFIX}{}__{}", section.to_ascii_uppercase(), name.to_ascii_uppercase()));
            out.push_str(&format!("#{name} = {value}\n"));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn load(file: &str, environment: &[(&str, &str)]) -> Result<Settings> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("peyvand.toml"), file).unwrap();
        let given = Given { data: folder.path().to_owned(), ..Given::default() };
        Settings::load(&given, environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn problem(outcome: Result<Settings>) -> Problem {
        match outcome.unwrap_err() {
            Error::Invalid(mut fields) => fields.0.remove(0),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn the_environment_wins_over_the_file_and_both_over_the_defaults() {
        let settings =
            load("[http]\nlisten = \"0.0.0.0:1\"\n[database]\nconnections = 3\n", &[("PEYVAND__HTTP__LISTEN", "0.0.0.0:2")]).unwrap();
        assert_eq!(settings.config.http.listen, "0.0.0.0:2");
        assert_eq!(settings.config.database.connections, 3);
        assert_eq!(settings.config.log, Log::default());
        let shown = settings.show().unwrap();
        let origin = |key: &str| shown.iter().find(|(name, ..)| name == key).unwrap().2.clone();
        assert_eq!(origin("http.listen"), "PEYVAND__HTTP__LISTEN");
        assert!(origin("database.connections").ends_with("peyvand.toml"));
        assert_eq!(origin("log.filter"), "default");
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_known_one() {
        let problem = problem(load("[http]\nlissten = \"x\"\n", &[]));
        assert_eq!(problem.key, "cli-config-unknown-near");
        assert!(problem.args.contains(&("near".into(), "http.listen".into())));
    }

    #[test]
    fn an_unknown_environment_variable_is_refused_too() {
        assert_eq!(problem(load("", &[("PEYVAND__COFFEE__STRENGTH", "9")])).key, "cli-config-unknown");
    }

    #[test]
    fn a_value_of_the_wrong_kind_names_its_setting() {
        let problem = problem(load("", &[("PEYVAND__DATABASE__CONNECTIONS", "many")]));
        assert!(problem.args.contains(&("key".into(), "database.connections".into())));
    }

    #[test]
    fn secrets_are_not_shown() {
        let settings = load("[mail]\npassword = \"hush\"\n[database]\nurl = \"postgres://u:hush@h:1/n?x=1\"\n", &[]).unwrap();
        let shown = format!("{:?}", settings.show().unwrap());
        assert!(!shown.contains("hush"));
        assert!(shown.contains("postgres://u:•••@h:1/n?x=1"));
    }

    #[test]
    fn the_example_file_is_the_one_that_the_types_give() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../peyvand.toml.example");
        let example = example().unwrap();
        if std::env::var_os("PEYVAND_WRITE_EXAMPLE").is_some() {
            std::fs::write(&path, &example).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), example, "run the test with PEYVAND_WRITE_EXAMPLE=1 to write it anew");
        let settings: String = example
            .lines()
            .map(|line| line.strip_prefix('#').filter(|line| !line.starts_with(' ')).unwrap_or(line))
            .collect::<Vec<_>>()
            .join("\n");
        assert_eq!(load(&settings, &[]).unwrap().config, Config::default());
    }
}
