use std::fmt;

/// Result of a database call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between us and the database, told apart as far as a caller can act on it.
#[derive(Debug)]
pub enum Error {
    /// A unique constraint was hit; named `table_column_column_key` on both engines.
    Conflict {
        /// Name of the constraint.
        constraint: String,
    },
    /// A referenced row is missing, or a row is still referenced.
    Reference,
    /// A check constraint or NOT NULL was violated.
    Check {
        /// Name of the constraint or column.
        constraint: String,
    },
    /// Another writer was in the way; the same transaction may be run again.
    Busy,
    /// The server went away or no connection was to be had in time.
    Lost(Box<dyn std::error::Error + Send + Sync>),
    /// A row that had to be there is not.
    NoRow,
    /// A stored value does not fit the type it is read into.
    Decode {
        /// Position of the column, from 0.
        column: usize,
        /// What was found wrong.
        problem: String,
    },
    /// Anything else; a fault of ours or of the set-up.
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Conflict { constraint } => write!(f, "unique constraint {constraint}"),
            Error::Reference => f.write_str("foreign key"),
            Error::Check { constraint } => write!(f, "check constraint {constraint}"),
            Error::Busy => f.write_str("database is busy"),
            Error::Lost(source) => write!(f, "database is out of reach: {source}"),
            Error::NoRow => f.write_str("no row"),
            Error::Decode { column, problem } => write!(f, "column {column}: {problem}"),
            Error::Other(source) => write!(f, "database: {source}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Error {
        match &error {
            sqlx::Error::RowNotFound => Error::NoRow,
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => {
                Error::Lost(error.into())
            }
            sqlx::Error::Database(database) => {
                use sqlx::error::ErrorKind;
                let code = database.code().unwrap_or_default();
                // 40001, 40P01: serialization failure, deadlock. 5, 6 and their extensions: SQLITE_BUSY, SQLITE_LOCKED.
                let sqlite_code = code.parse::<u32>().ok().filter(|_| code.len() < 5).map(|code| code & 0xff);
                if code == "40001" || code == "40P01" || matches!(sqlite_code, Some(5 | 6)) {
                    return Error::Busy;
                }
                match database.kind() {
                    ErrorKind::UniqueViolation => Error::Conflict {
                        constraint: match database.constraint() {
                            Some(name) => name.to_owned(),
                            None => unique_name(database.message()),
                        },
                    },
                    ErrorKind::ForeignKeyViolation => Error::Reference,
                    ErrorKind::CheckViolation | ErrorKind::NotNullViolation => Error::Check {
                        constraint: match database.constraint() {
                            Some(name) => name.to_owned(),
                            None => database.message().rsplit(": ").next().unwrap_or_default().to_owned(),
                        },
                    },
                    _ => Error::Other(error.into()),
                }
            }
            _ => Error::Other(error.into()),
        }
    }
}

/// SQLite reports `UNIQUE constraint failed: t.a, t.b`; PostgreSQL's name for the same constraint is `t_a_b_key`.
fn unique_name(message: &str) -> String {
    let columns = message.rsplit(": ").next().unwrap_or_default();
    let mut name = String::new();
    for (position, column) in columns.split(", ").enumerate() {
        let (table, column) = column.split_once('.').unwrap_or(("", column));
        if position == 0 {
            name.push_str(table);
        }
        name.push('_');
        name.push_str(column);
    }
    name + "_key"
}

#[cfg(test)]
mod tests {
    #[test]
    fn sqlite_messages_give_the_name_postgres_would_give() {
        assert_eq!(super::unique_name("UNIQUE constraint failed: identity_keys.kind, identity_keys.value"), "identity_keys_kind_value_key");
    }
}
