use crate::{Error, Id, Kind, Result, Value};
use sqlx::{Row as _, ValueRef};
use uuid::Uuid;

/// A row of either engine.
pub enum Row {
    /// From SQLite.
    Sqlite(sqlx::sqlite::SqliteRow),
    /// From PostgreSQL.
    Postgres(sqlx::postgres::PgRow),
}

impl Row {
    /// The value in the column at `index`, from 0.
    ///
    /// # Errors
    /// [`Error::Decode`] when it does not fit `T`.
    pub fn get<T: FromCell>(&self, index: usize) -> Result<T> {
        T::from_cell(Cell { row: self, index })
    }

    /// The value in the column at `index`, of a kind known only when the program runs.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn value(&self, index: usize, kind: Kind) -> Result<Value> {
        Cell { row: self, index }.value(kind)
    }
}

/// One value of a row, read as what the caller expects.
#[derive(Clone, Copy)]
pub struct Cell<'a> {
    row: &'a Row,
    index: usize,
}

macro_rules! reader {
    ($(#[$doc:meta])* $name:ident, $type:ty) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// [`Error::Decode`] for a value of another kind.
        pub fn $name(self) -> Result<Option<$type>> {
            match self.row {
                Row::Sqlite(row) => row.try_get_unchecked::<Option<$type>, _>(self.index).map_err(|error| self.problem(error)),
                Row::Postgres(row) => row.try_get::<Option<$type>, _>(self.index).map_err(|error| self.problem(error)),
            }
        }
    };
}

impl Cell<'_> {
    reader!(
        /// A double.
        real, f64
    );
    reader!(
        /// A text.
        text, String
    );
    reader!(
        /// Bytes.
        bytes, Vec<u8>
    );
    reader!(
        /// A UUID.
        id, Uuid
    );
    reader!(
        /// A truth value.
        bool, bool
    );

    /// An integer of any width.
    ///
    /// # Errors
    /// [`Error::Decode`] for a value of another kind.
    pub fn int(self) -> Result<Option<i64>> {
        use sqlx::TypeInfo;
        match self.row {
            Row::Sqlite(row) => row.try_get_unchecked::<Option<i64>, _>(self.index).map_err(|error| self.problem(error)),
            Row::Postgres(row) => {
                let raw = row.try_get_raw(self.index).map_err(|error| self.problem(error))?;
                if raw.is_null() {
                    return Ok(None);
                }
                match raw.type_info().name() {
                    "INT4" => row.try_get::<i32, _>(self.index).map(|value| Some(i64::from(value))).map_err(|error| self.problem(error)),
                    "INT2" => row.try_get::<i16, _>(self.index).map(|value| Some(i64::from(value))).map_err(|error| self.problem(error)),
                    _ => row.try_get::<Option<i64>, _>(self.index).map_err(|error| self.problem(error)),
                }
            }
        }
    }

    /// A JSON document.
    ///
    /// # Errors
    /// [`Error::Decode`] for text that is not JSON.
    pub fn json(self) -> Result<Option<serde_json::Value>> {
        match self.row {
            Row::Sqlite(_) => self.text()?.map(|text| serde_json::from_str(&text).map_err(|error| self.problem(error))).transpose(),
            Row::Postgres(row) => row.try_get::<Option<serde_json::Value>, _>(self.index).map_err(|error| self.problem(error)),
        }
    }

    /// Whatever a column of this kind holds, for readers that do not know the table.
    ///
    /// # Errors
    /// [`Error::Decode`] for a value of another kind.
    pub fn value(self, kind: Kind) -> Result<Value> {
        Ok(match kind {
            Kind::Bool => self.bool()?.map(Value::Bool),
            Kind::Int => self.int()?.map(Value::Int),
            Kind::Real => self.real()?.map(Value::Real),
            Kind::Text => self.text()?.map(Value::Text),
            Kind::Bytes => self.bytes()?.map(Value::Bytes),
            Kind::Id => self.id()?.map(Value::Id),
            Kind::Json => self.json()?.map(Value::Json),
        }
        .unwrap_or(Value::Null(kind)))
    }

    /// A decode error that names this column.
    pub fn problem(self, problem: impl std::fmt::Display) -> Error {
        Error::Decode { column: self.index, problem: problem.to_string() }
    }

    fn is_null(self) -> Result<bool> {
        match self.row {
            Row::Sqlite(row) => row.try_get_raw(self.index).map(|raw| raw.is_null()).map_err(|error| self.problem(error)),
            Row::Postgres(row) => row.try_get_raw(self.index).map(|raw| raw.is_null()).map_err(|error| self.problem(error)),
        }
    }
}

/// What can be read from one column.
pub trait FromCell: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// [`Error::Decode`] when the stored value does not fit.
    fn from_cell(cell: Cell<'_>) -> Result<Self>;
}

macro_rules! from_cell {
    ($($type:ty, $reader:ident;)*) => {$(
        impl FromCell for $type {
            fn from_cell(cell: Cell<'_>) -> Result<Self> {
                cell.$reader()?.ok_or_else(|| cell.problem("unexpected NULL"))
            }
        }
    )*};
}

from_cell! {
    bool, bool;
    i64, int;
    f64, real;
    String, text;
    Vec<u8>, bytes;
    Uuid, id;
    serde_json::Value, json;
}

impl FromCell for i32 {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        i32::try_from(i64::from_cell(cell)?).map_err(|error| cell.problem(error))
    }
}

impl FromCell for u32 {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        u32::try_from(i64::from_cell(cell)?).map_err(|error| cell.problem(error))
    }
}

impl<T> FromCell for Id<T> {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        Uuid::from_cell(cell).map(Id::new)
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        if cell.is_null()? { Ok(None) } else { T::from_cell(cell).map(Some) }
    }
}

/// What can be read from a row. Usually written by [`row!`]; tuples of up to ten columns work too.
pub trait FromRow: Sized {
    /// The columns in the order they are read, as SQL.
    const COLUMNS: &'static str;
    /// Reads the row.
    ///
    /// # Errors
    /// [`Error::Decode`] when a column does not fit.
    fn from_row(row: &Row) -> Result<Self>;
}

macro_rules! tuples {
    ($(($($type:ident $index:tt),+);)*) => {$(
        impl<$($type: FromCell),+> FromRow for ($($type,)+) {
            const COLUMNS: &'static str = "";
            fn from_row(row: &Row) -> Result<Self> {
                Ok(($(row.get::<$type>($index)?,)+))
            }
        }
    )*};
}

tuples! {
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
}

/// Declares a row type: the struct, its column list and its reader in one place.
///
/// ```
/// peyvand_db::row! {
///     /// A unit.
///     #[derive(Debug)]
///     pub struct Unit {
///         /// Its name.
///         pub name: String,
///         /// How many people belong to it.
///         pub people: i64 = "(SELECT count(*) FROM users WHERE unit_id = units.id)",
///     }
/// }
/// assert_eq!(
///     <Unit as peyvand_db::FromRow>::COLUMNS,
///     "name, (SELECT count(*) FROM users WHERE unit_id = units.id)"
/// );
/// ```
/// A field is read from the column of its name, or from the expression that follows `=`.
#[macro_export]
macro_rules! row {
    (
        $(#[$meta:meta])*
        $visibility:vis struct $name:ident {
            $(#[$first_meta:meta])* $first_visibility:vis $first:ident: $first_type:ty $(= $first_column:literal)?
            $(, $(#[$field_meta:meta])* $field_visibility:vis $field:ident: $type:ty $(= $column:literal)?)* $(,)?
        }
    ) => {
        $(#[$meta])*
        $visibility struct $name {
            $(#[$first_meta])* $first_visibility $first: $first_type,
            $($(#[$field_meta])* $field_visibility $field: $type,)*
        }
        impl $crate::FromRow for $name {
            const COLUMNS: &'static str = concat!(
                $crate::column!($first $($first_column)?) $(, ", ", $crate::column!($field $($column)?))*
            );
            fn from_row(row: &$crate::Row) -> $crate::Result<Self> {
                let mut index = 0;
                let mut next = || { index += 1; index - 1 };
                Ok($name {
                    $first: row.get::<$first_type>(next())?,
                    $($field: row.get::<$type>(next())?,)*
                })
            }
        }
    };
}

/// The SQL of one column of [`row!`].
#[doc(hidden)]
#[macro_export]
macro_rules! column {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $column:literal) => {
        $column
    };
}

/// Declares a closed list of words: an enum that is the same text in the database, in JSON and in URLs.
///
/// ```
/// peyvand_db::words! {
///     /// Which way a contact went.
///     pub enum Direction {
///         /// They came to us.
///         Inbound = "inbound",
///         /// We went to them.
///         Outbound = "outbound",
///     }
/// }
/// assert_eq!(Direction::Inbound.as_str(), "inbound");
/// assert_eq!("outbound".parse(), Ok(Direction::Outbound));
/// ```
#[macro_export]
macro_rules! words {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            $crate::serde::Serialize, $crate::serde::Deserialize, $crate::schemars::JsonSchema)]
        #[serde(crate = "peyvand_db::serde")]
        #[schemars(crate = "peyvand_db::schemars")]
        $visibility enum $name { $($(#[$variant_meta])* #[serde(rename = $word)] $variant),+ }
        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }
        impl ::std::str::FromStr for $name {
            type Err = ();
            fn from_str(word: &str) -> ::std::result::Result<Self, ()> {
                match word { $($word => Ok($name::$variant),)+ _ => Err(()) }
            }
        }
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl $crate::ToValue for $name {
            const KIND: $crate::Kind = $crate::Kind::Text;
            fn to_value(&self) -> $crate::Value {
                $crate::Value::Text(self.as_str().to_owned())
            }
        }
        impl $crate::FromCell for $name {
            fn from_cell(cell: $crate::Cell<'_>) -> $crate::Result<Self> {
                let word = <String as $crate::FromCell>::from_cell(cell)?;
                word.parse().map_err(|()| cell.problem(format_args!("{word} is no {}", stringify!($name))))
            }
        }
    };
}
