use crate::{Engine, Kind, ToValue, Value};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Postgres, Sqlite};
use std::borrow::Cow;
use std::fmt::Write;

/// SQL text and its bound values. Text comes from literals only; values are always bound.
#[derive(Clone, Debug, Default)]
pub struct Sql {
    text: Cow<'static, str>,
    values: Vec<Value>,
    rows: Option<Rows>,
}

/// What a statement of [`Sql::inserts`] is made of; its text is written for the engine that runs it.
#[derive(Clone, Copy, Debug)]
struct Rows {
    head: &'static str,
    tail: &'static str,
    columns: usize,
}

impl Rows {
    /// The text with this many rows. Without numbers, because SQLite looks each of them up in a list.
    fn text(self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns].join(", "));
        format!("{}{}{}", self.head, vec![row.as_str(); rows].join(", "), self.tail)
    }

    /// The text with one row, to tell statements apart whatever their number of rows.
    fn one(self) -> String {
        let mut one = sql(self.head);
        one.rows([vec![Value::Null(Kind::Int); self.columns]]).push(self.tail);
        one.text.into_owned()
    }
}

/// A statement with its values as the engine takes them. Where there are thousands, this takes a while, and need not be done where a
/// transaction keeps others waiting: see [`crate::Db::ready`].
pub struct Ready(pub(crate) ReadyFor);

pub(crate) enum ReadyFor {
    Sqlite(Query<'static, Sqlite, SqliteArguments>),
    Postgres(Query<'static, Postgres, PgArguments>),
}

/// A statement from a literal; follow with [`Sql::bind`] for `$1`, `$2` ….
#[must_use]
pub fn sql(text: &'static str) -> Sql {
    Sql { text: Cow::Borrowed(text), values: Vec::new(), rows: None }
}

impl Sql {
    /// `SELECT <columns of T> <rest>`.
    #[must_use]
    pub fn select<T: crate::FromRow>(rest: &'static str) -> Sql {
        Sql { text: Cow::Owned(format!("SELECT {} {rest}", T::COLUMNS)), values: Vec::new(), rows: None }
    }

    /// Binds the next `$n` of the text.
    #[must_use]
    pub fn bind(mut self, value: impl ToValue) -> Sql {
        self.values.push(value.to_value());
        self
    }

    /// Adds text.
    pub fn push(&mut self, text: &'static str) -> &mut Sql {
        self.text.to_mut().push_str(text);
        self
    }

    /// Adds a value: writes its placeholder and binds it.
    pub fn arg(&mut self, value: impl ToValue) -> &mut Sql {
        self.value(value.to_value())
    }

    /// Adds a value that is already one.
    pub fn value(&mut self, value: Value) -> &mut Sql {
        self.values.push(value);
        // Writing to a String cannot fail.
        let _ = write!(self.text.to_mut(), "${}", self.values.len());
        self
    }

    /// Adds `($4, $5, $6)`; an empty list becomes `(NULL)`, which matches nothing.
    pub fn list<T: ToValue>(&mut self, values: impl IntoIterator<Item = T>) -> &mut Sql {
        self.push("(");
        let mut empty = true;
        for value in values {
            if !std::mem::take(&mut empty) {
                self.push(", ");
            }
            self.arg(value);
        }
        self.push(if empty { "NULL)" } else { ")" })
    }

    /// Adds `($1, $2), ($3, $4)`: the rows of an INSERT. The caller keeps rows × columns below [`Sql::MAX_BINDS`].
    pub fn rows(&mut self, rows: impl IntoIterator<Item = Vec<Value>>) -> &mut Sql {
        for (position, row) in rows.into_iter().enumerate() {
            self.push(if position == 0 { "(" } else { ", (" });
            for (position, value) in row.into_iter().enumerate() {
                if position > 0 {
                    self.push(", ");
                }
                self.value(value);
            }
            self.push(")");
        }
        self
    }

    /// Statements that insert any number of rows: `head` ends with `VALUES `, `tail` follows the rows. Their sizes are
    /// powers of two, so that a few texts serve every batch and stay prepared. PostgreSQL gets each column as one array
    /// instead, which spares it thousands of parameters.
    pub fn inserts(head: &'static str, rows: Vec<Vec<Value>>, tail: &'static str) -> Vec<Sql> {
        let mut statements = Vec::new();
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let size = Sql::INSERT_ROWS.min(1 << rows.len().ilog2());
            let values: Vec<Value> = rows.by_ref().take(size).flatten().collect();
            let rows = Some(Rows { head, tail, columns: values.len() / size });
            let statement = Sql { text: Cow::Borrowed(head), values, rows };
            statements.push(statement);
        }
        statements
    }

    /// Most rows of one statement of [`Sql::inserts`]; a power of two. Larger ones gain nothing measurable.
    const INSERT_ROWS: usize = 256;

    /// As [`Sql::list`], with the last value repeated up to a power of two, for lists of changing length on hot paths.
    pub fn list_padded<T: ToValue>(&mut self, values: &[T]) -> &mut Sql {
        let padding = values.len().next_power_of_two() - values.len();
        self.list(values.iter().chain(std::iter::repeat_n(values.last(), padding).flatten()))
    }

    /// Adds another piece, renumbering nothing: it must have been written with [`Sql::arg`] only. Pieces with
    /// values are built on the same `Sql` instead, by functions that take `&mut Sql`.
    pub fn push_plain(&mut self, other: &Sql) -> &mut Sql {
        debug_assert!(other.values.is_empty(), "a piece with values must be written on the same Sql");
        self.text.to_mut().push_str(&other.text);
        self
    }

    /// Most values one statement may bind on both engines (SQLite 32,766, PostgreSQL 65,535).
    pub const MAX_BINDS: usize = 32_000;

    /// The text, for tests and for EXPLAIN.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The statement prefixed by `EXPLAIN` in the engine's own spelling, for plans in tests and reports.
    #[must_use]
    pub fn explain(mut self, engine: Engine) -> Sql {
        let prefix = match engine {
            Engine::Sqlite => "EXPLAIN QUERY PLAN ",
            Engine::Postgres => "EXPLAIN ",
        };
        self = self.written_out();
        self.text = Cow::Owned(format!("{prefix}{}", self.text));
        self
    }

    /// The same with numbered values in its text, where [`Sql::inserts`] left them out.
    fn written_out(self) -> Sql {
        let Some(Rows { head, tail, columns }) = self.rows else { return self };
        let mut statement = sql(head);
        statement.rows(self.values.chunks(columns.max(1)).map(<[Value]>::to_vec)).push(tail);
        statement
    }

    fn finish(&mut self, engine: Engine) -> Cow<'static, str> {
        debug_assert_eq!(highest_placeholder(&self.text), self.values.len(), "placeholders and values differ in: {}", self.text);
        crate::testing::record(engine, &self.text);
        let text = std::mem::take(&mut self.text);
        if !text.contains('{') {
            return text;
        }
        // The words on which the engines differ.
        let skip_locked = match engine {
            Engine::Sqlite => "",
            Engine::Postgres => "FOR UPDATE SKIP LOCKED",
        };
        let for_update = match engine {
            Engine::Sqlite => "",
            Engine::Postgres => "FOR UPDATE",
        };
        // Around a part of a text, for columns with a trigram index.
        let (has, end) = match engine {
            Engine::Sqlite => ("MATCH '\"' ||", "|| '\"'"),
            Engine::Postgres => ("LIKE '%' ||", "|| '%'"),
        };
        // Around an id, for the text of it.
        let (id_text, id_end) = match engine {
            Engine::Sqlite => ("HEX(", ")"),
            Engine::Postgres => ("CAST(", " AS TEXT)"),
        };
        let words = [
            ("{skip_locked}", skip_locked),
            ("{for_update}", for_update),
            ("{has}", has),
            ("{/has}", end),
            ("{id_text}", id_text),
            ("{/id_text}", id_end),
        ];
        Cow::Owned(words.into_iter().fold(text.into_owned(), |text, (word, meaning)| text.replace(word, meaning)))
    }

    pub(crate) fn sqlite(mut self) -> Query<'static, Sqlite, SqliteArguments> {
        if let Some(rows) = self.rows {
            crate::testing::record(Engine::Sqlite, &rows.one());
            let text = rows.text(self.values.len() / rows.columns.max(1));
            return bound(sqlx::query::<Sqlite>(AssertSqlSafe(text)), self.values);
        }
        let text = self.finish(Engine::Sqlite);
        // SQLite looks a named parameter up in a list, each time; without names it counts.
        let text = if self.values.len() > NAMED_AT_MOST { unnamed(text) } else { text };
        bound(sqlx::query::<Sqlite>(AssertSqlSafe(text)), self.values)
    }

    pub(crate) fn postgres(mut self, named: bool) -> Query<'static, Postgres, PgArguments> {
        if let Some(rows) = self.rows {
            if let Some(kinds) = kinds_of(&self.values, rows.columns) {
                crate::testing::record(Engine::Postgres, &rows.one());
                return from_arrays(rows, &kinds, self.values, named);
            }
            self = self.written_out();
        }
        let text = self.finish(Engine::Postgres);
        let mut query = sqlx::query::<Postgres>(AssertSqlSafe(text)).persistent(named);
        for value in self.values {
            query = match value {
                Value::Null(Kind::Bool) => query.bind(None::<bool>),
                Value::Null(Kind::Int) => query.bind(None::<i64>),
                Value::Null(Kind::Real) => query.bind(None::<f64>),
                Value::Null(Kind::Text) => query.bind(None::<String>),
                Value::Null(Kind::Bytes) => query.bind(None::<Vec<u8>>),
                Value::Null(Kind::Id) => query.bind(None::<uuid::Uuid>),
                Value::Null(Kind::Json) => query.bind(None::<serde_json::Value>),
                Value::Bool(value) => query.bind(value),
                Value::Int(value) => query.bind(value),
                Value::Real(value) => query.bind(value),
                Value::Text(value) => query.bind(without_nul(value)),
                Value::Bytes(value) => query.bind(value),
                Value::Id(value) => query.bind(value),
                Value::Json(value) => query.bind(value),
            };
        }
        query
    }
}

fn bound(mut query: Query<'static, Sqlite, SqliteArguments>, values: Vec<Value>) -> Query<'static, Sqlite, SqliteArguments> {
    for value in values {
        query = match value {
            Value::Null(_) => query.bind(None::<i64>),
            Value::Bool(value) => query.bind(value),
            Value::Int(value) => query.bind(value),
            Value::Real(value) => query.bind(value),
            Value::Text(value) => query.bind(without_nul(value)),
            Value::Bytes(value) => query.bind(value),
            Value::Id(value) => query.bind(value),
            Value::Json(value) => query.bind(value.to_string()),
        };
    }
    query
}

/// The kind of each column, if every row has the same there.
fn kinds_of(values: &[Value], columns: usize) -> Option<Vec<Kind>> {
    let mut rows = values.chunks_exact(columns.max(1)).map(|row| row.iter().map(Value::kind));
    let kinds: Vec<Kind> = rows.next()?.collect();
    rows.all(|row| row.eq(kinds.iter().copied())).then_some(kinds)
}

/// The statement of [`Sql::inserts`] with an array for each column.
fn from_arrays(rows: Rows, kinds: &[Kind], values: Vec<Value>, named: bool) -> Query<'static, Postgres, PgArguments> {
    let mut text = format!("{}SELECT * FROM UNNEST(", rows.head.strip_suffix("VALUES ").unwrap_or(rows.head));
    for (column, kind) in kinds.iter().enumerate() {
        let of = match kind {
            Kind::Bool => "boolean",
            Kind::Int => "bigint",
            Kind::Real => "double precision",
            Kind::Text => "text",
            Kind::Bytes => "bytea",
            Kind::Id => "uuid",
            Kind::Json => "jsonb",
        };
        let comma = if column == 0 { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma}${}::{of}[]", column + 1);
    }
    text.push(')');
    text.push_str(rows.tail);
    let mut columns: Vec<Vec<Value>> = kinds.iter().map(|_| Vec::with_capacity(values.len() / kinds.len())).collect();
    for (position, value) in values.into_iter().enumerate() {
        columns[position % kinds.len()].push(value);
    }
    let mut query = sqlx::query::<Postgres>(AssertSqlSafe(text)).persistent(named);
    for (column, kind) in columns.into_iter().zip(kinds) {
        macro_rules! array {
            ($variant:ident) => {
                array!($variant, |value| value)
            };
            ($variant:ident, |$value:ident| $made:expr) => {
                column.into_iter().map(|value| if let Value::$variant($value) = value { Some($made) } else { None }).collect::<Vec<_>>()
            };
        }
        query = match kind {
            Kind::Bool => query.bind(array!(Bool)),
            Kind::Int => query.bind(array!(Int)),
            Kind::Real => query.bind(array!(Real)),
            Kind::Text => query.bind(array!(Text, |value| without_nul(value))),
            Kind::Bytes => query.bind(array!(Bytes)),
            Kind::Id => query.bind(array!(Id)),
            Kind::Json => query.bind(array!(Json)),
        };
    }
    query
}

/// PostgreSQL refuses U+0000 in a text, and SQLite's functions end at it; as U+FFFD it is harmless and equal to nothing that
/// anybody stored.
fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// Statements with more parameters than this lose their parameters' names on SQLite.
const NAMED_AT_MOST: usize = 32;

/// The same statement with `?` for `$1 … $n`, if they stand in that order, each once.
fn unnamed(text: Cow<'static, str>) -> Cow<'static, str> {
    let mut out = String::with_capacity(text.len());
    let mut pieces = text.split('$');
    out.push_str(pieces.next().unwrap_or_default());
    for (position, piece) in pieces.enumerate() {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        if piece[..digits].parse() != Ok(position + 1) {
            return text;
        }
        out.push('?');
        out.push_str(&piece[digits..]);
    }
    Cow::Owned(out)
}

/// SQLite binds a missing parameter as NULL without a word, so the seam counts them in debug builds.
fn highest_placeholder(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut highest = 0;
    let mut position = 0;
    while position < bytes.len() {
        if bytes[position] == b'$' {
            let mut number = 0;
            position += 1;
            while position < bytes.len() && bytes[position].is_ascii_digit() {
                number = number * 10 + usize::from(bytes[position] - b'0');
                position += 1;
            }
            highest = highest.max(number);
        } else {
            position += 1;
        }
    }
    highest
}

/// A column, said in a way that no index that begins with it is of use: where its rows lie scattered, looking up thousands of
/// them one by one takes longer than a look through everything, and SQLite's planner knows only how many there are, not where.
///
/// ```
/// assert_eq!(peyvand_db::unindexed!("p.city"), "COALESCE(p.city, p.city)");
/// ```
#[macro_export]
macro_rules! unindexed {
    ($column:literal) => {
        concat!("COALESCE(", $column, ", ", $column, ")")
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_in_the_order_they_are_added() {
        let mut statement = sql("SELECT a FROM t WHERE a = $1").bind(7_i64);
        statement.push(" AND b IN ").list(["x", "y"]).push(" AND c = ").arg(true);
        assert_eq!(statement.text(), "SELECT a FROM t WHERE a = $1 AND b IN ($2, $3) AND c = $4");
    }

    #[test]
    fn an_empty_list_matches_nothing() {
        let mut statement = sql("SELECT a FROM t WHERE a IN ");
        statement.list(Vec::<i64>::new());
        assert_eq!(statement.text(), "SELECT a FROM t WHERE a IN (NULL)");
    }

    #[test]
    fn rows_are_inserted_in_powers_of_two() {
        let rows = (0..300_i64).map(|n| vec![n.to_value()]).collect();
        let sizes: Vec<usize> = Sql::inserts("INSERT INTO t (n) VALUES ", rows, "").iter().map(|s| s.values.len()).collect();
        assert_eq!(sizes, [256, 32, 8, 4]);
        assert!(Sql::inserts("", Vec::new(), "").is_empty());
    }

    #[tokio::test]
    async fn rows_of_every_kind_come_back_as_they_went_in() {
        let table = "CREATE TABLE kinds (id ID NOT NULL, yes BOOL, n INT, x REAL, t TEXT, b BYTES, j JSON) STRICT;";
        let db = crate::testing::fresh(&[crate::Migration { version: 1, name: "kinds", text: table }]).await.unwrap();
        let kinds = [Kind::Id, Kind::Bool, Kind::Int, Kind::Real, Kind::Text, Kind::Bytes, Kind::Json];
        let row = |n: u128| {
            let json = serde_json::json!({"n": [n as i64, null, "\"a\", {b}"]});
            let id = Value::Id(uuid::Uuid::from_u128(n));
            vec![
                id,
                (n.is_multiple_of(2)).to_value(),
                7_i64.to_value(),
                0.5.to_value(),
                "{a, \"b\"} NULL".to_value(),
                vec![0_u8, 255].to_value(),
                json.to_value(),
            ]
        };
        let nothing = |n: u128| {
            let nulls = kinds.iter().skip(1).map(|kind| Value::Null(*kind));
            std::iter::once(Value::Id(uuid::Uuid::from_u128(n))).chain(nulls).collect::<Vec<_>>()
        };
        let rows = vec![nothing(1), row(2), nothing(3), row(4), row(5)];
        let mut tx = db.begin().await.unwrap();
        let mut back = Vec::new();
        for statement in
            Sql::inserts("INSERT INTO kinds (id, yes, n, x, t, b, j) VALUES ", rows.clone(), " RETURNING id, yes, n, x, t, b, j")
        {
            back.extend(tx.values(statement, &kinds).await.unwrap());
        }
        assert_eq!(back, rows);
        let v =
            vec![vec![Value::Id(uuid::Uuid::from_u128(1)), 9_i64.to_value()], vec![Value::Id(uuid::Uuid::from_u128(9)), 8_i64.to_value()]];
        let mut touched = 0;
        for statement in Sql::inserts("WITH v (id, n) AS (VALUES ", v, ") UPDATE kinds SET n = v.n FROM v WHERE kinds.id = v.id") {
            touched += tx.run(statement).await.unwrap();
        }
        assert_eq!(touched, 1);
    }

    #[test]
    fn a_padded_list_repeats_its_last_value() {
        let mut statement = sql("");
        statement.list_padded(&[1_i64, 2, 3]);
        assert_eq!(statement.text(), "($1, $2, $3, $4)");
        assert_eq!(statement.values[3], Value::Int(3));
        let mut empty = sql("");
        empty.list_padded::<i64>(&[]);
        assert_eq!(empty.text(), "(NULL)");
    }

    #[test]
    fn names_are_taken_from_parameters_in_order_only() {
        assert_eq!(unnamed("($1, $2), ($3)".into()), "(?, ?), (?)");
        assert_eq!(unnamed("$2 $1".into()), "$2 $1");
        assert_eq!(unnamed("$1 $1".into()), "$1 $1");
    }

    #[test]
    fn the_highest_placeholder_counts_not_the_last() {
        assert_eq!(highest_placeholder("a = $2 OR b = $12 OR c = $1"), 12);
    }
}
