use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;
use uuid::Uuid;

/// The kind of a value; a NULL keeps it, because PostgreSQL asks for the type of every parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Truth.
    Bool,
    /// 64-bit integer.
    Int,
    /// Double.
    Real,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// UUID.
    Id,
    /// JSON document.
    Json,
}

/// A bound value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, of a kind.
    Null(Kind),
    /// Truth.
    Bool(bool),
    /// Integer.
    Int(i64),
    /// Double.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// UUID.
    Id(Uuid),
    /// JSON document.
    Json(serde_json::Value),
}

impl Value {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Value::Null(kind) => *kind,
            Value::Bool(_) => Kind::Bool,
            Value::Int(_) => Kind::Int,
            Value::Real(_) => Kind::Real,
            Value::Text(_) => Kind::Text,
            Value::Bytes(_) => Kind::Bytes,
            Value::Id(_) => Kind::Id,
            Value::Json(_) => Kind::Json,
        }
    }
}

/// What can be bound.
pub trait ToValue {
    /// The kind that a NULL in this place has.
    const KIND: Kind;
    /// The value to bind.
    fn to_value(&self) -> Value;
}

macro_rules! to_value {
    ($($type:ty, $kind:ident, |$value:ident| $convert:expr;)*) => {$(
        impl ToValue for $type {
            const KIND: Kind = Kind::$kind;
            fn to_value(&self) -> Value {
                let $value = self;
                Value::$kind($convert)
            }
        }
    )*};
}

to_value! {
    bool, Bool, |v| *v;
    i64, Int, |v| *v;
    i32, Int, |v| i64::from(*v);
    u32, Int, |v| i64::from(*v);
    f64, Real, |v| *v;
    String, Text, |v| v.clone();
    str, Text, |v| v.to_owned();
    Cow<'_, str>, Text, |v| v.to_string();
    Vec<u8>, Bytes, |v| v.clone();
    [u8], Bytes, |v| v.to_vec();
    Uuid, Id, |v| *v;
    serde_json::Value, Json, |v| v.clone();
}

impl<T: ToValue + ?Sized> ToValue for &T {
    const KIND: Kind = T::KIND;
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    const KIND: Kind = T::KIND;
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null(T::KIND), ToValue::to_value)
    }
}

impl<T> ToValue for Id<T> {
    const KIND: Kind = Kind::Id;
    fn to_value(&self) -> Value {
        Value::Id(self.0)
    }
}

/// The identifier of a `T`: a UUIDv7, so that ids sort by their time of making.
pub struct Id<T>(pub Uuid, PhantomData<fn() -> T>);

impl<T> Id<T> {
    /// An id from its UUID.
    #[must_use]
    pub const fn new(uuid: Uuid) -> Self {
        Id(uuid, PhantomData)
    }
    /// The same id, as that of another type (a row and its history, a role of a party).
    #[must_use]
    pub const fn cast<U>(self) -> Id<U> {
        Id(self.0, PhantomData)
    }
    /// The id before all others: where paging starts.
    pub const FIRST: Self = Id(Uuid::nil(), PhantomData);
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<T> FromStr for Id<T> {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Ok(Id::new(Uuid::parse_str(text)?))
    }
}
impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Id::new(Uuid::deserialize(deserializer)?))
    }
}
impl<T> JsonSchema for Id<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({"type": "string", "format": "uuid"})
    }
}
