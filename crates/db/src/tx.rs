use crate::sql::ReadyFor;
use crate::{Engine, Error, FromRow, Kind, Ready, Result, Row, Sql, Value};
use futures_util::TryStreamExt;
use sqlx::{Executor, Postgres, Sqlite, Transaction};
use std::sync::Arc;

enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>, bool),
}

/// A transaction. Dropped without [`Tx::commit`], it is rolled back.
pub struct Tx {
    inner: Inner,
    _guard: Option<Arc<dyn Send + Sync>>,
}

impl Tx {
    pub(crate) fn sqlite(transaction: Transaction<'static, Sqlite>, guard: Option<Arc<dyn Send + Sync>>) -> Tx {
        Tx { inner: Inner::Sqlite(transaction), _guard: guard }
    }

    pub(crate) fn postgres(transaction: Transaction<'static, Postgres>, named: bool, guard: Option<Arc<dyn Send + Sync>>) -> Tx {
        Tx { inner: Inner::Postgres(transaction, named), _guard: guard }
    }

    /// Which engine this is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.inner {
            Inner::Sqlite(_) => Engine::Sqlite,
            Inner::Postgres(..) => Engine::Postgres,
        }
    }

    /// Runs a statement and tells how many rows it touched.
    ///
    /// # Errors
    /// What the engine reports, as [`Error`]; on PostgreSQL a failed statement ends the transaction, so write
    /// `ON CONFLICT DO NOTHING` and look at the count where a conflict is expected.
    pub async fn run(&mut self, sql: Sql) -> Result<u64> {
        match &mut self.inner {
            Inner::Sqlite(tx) => Ok(sql.sqlite().execute(&mut **tx).await?.rows_affected()),
            Inner::Postgres(tx, named) => Ok(sql.postgres(*named).execute(&mut **tx).await?.rows_affected()),
        }
    }

    /// Runs a statement that was made ready for the same database.
    ///
    /// # Errors
    /// As [`Tx::run`].
    pub async fn run_ready(&mut self, ready: Ready) -> Result<u64> {
        match (&mut self.inner, ready.0) {
            (Inner::Sqlite(tx), ReadyFor::Sqlite(query)) => Ok(query.execute(&mut **tx).await?.rows_affected()),
            (Inner::Postgres(tx, _), ReadyFor::Postgres(query)) => Ok(query.execute(&mut **tx).await?.rows_affected()),
            _ => Err(Error::Other("a statement made ready for another engine".into())),
        }
    }

    /// All rows of a read or of a `RETURNING`.
    ///
    /// # Errors
    /// As [`Tx::run`].
    pub async fn all<T: FromRow>(&mut self, sql: Sql) -> Result<Vec<T>> {
        let mut all = Vec::new();
        // One row after the other: the engine's own form of a row is many times as large.
        match &mut self.inner {
            Inner::Sqlite(tx) => {
                let query = sql.sqlite();
                let mut rows = query.fetch(&mut **tx);
                while let Some(row) = rows.try_next().await? {
                    all.push(T::from_row(&Row::Sqlite(row))?);
                }
            }
            Inner::Postgres(tx, named) => {
                let query = sql.postgres(*named);
                let mut rows = query.fetch(&mut **tx);
                while let Some(row) = rows.try_next().await? {
                    all.push(T::from_row(&Row::Postgres(row))?);
                }
            }
        }
        Ok(all)
    }

    /// All rows of a read whose columns are known only when the program runs.
    ///
    /// # Errors
    /// As [`Tx::run`].
    pub async fn values(&mut self, sql: Sql, kinds: &[Kind]) -> Result<Vec<Vec<Value>>> {
        let read = |row: Row| kinds.iter().enumerate().map(|(index, kind)| row.value(index, *kind)).collect();
        match &mut self.inner {
            Inner::Sqlite(tx) => sql.sqlite().fetch_all(&mut **tx).await?.into_iter().map(|row| read(Row::Sqlite(row))).collect(),
            Inner::Postgres(tx, named) => {
                let rows = sql.postgres(*named).fetch_all(&mut **tx).await?;
                rows.into_iter().map(|row| read(Row::Postgres(row))).collect()
            }
        }
    }

    /// The first row, if any.
    ///
    /// # Errors
    /// As [`Tx::run`].
    pub async fn maybe<T: FromRow>(&mut self, sql: Sql) -> Result<Option<T>> {
        match &mut self.inner {
            Inner::Sqlite(tx) => {
                // Not `fetch_optional`: it stops after the first row, and a `RETURNING` must run to its end.
                let rows = sql.sqlite().fetch_all(&mut **tx).await?;
                rows.into_iter().next().map(|row| T::from_row(&Row::Sqlite(row))).transpose()
            }
            Inner::Postgres(tx, named) => {
                let row = sql.postgres(*named).fetch_optional(&mut **tx).await?;
                row.map(|row| T::from_row(&Row::Postgres(row))).transpose()
            }
        }
    }

    /// The one row that must be there.
    ///
    /// # Errors
    /// [`Error::NoRow`] when there is none; else as [`Tx::run`].
    pub async fn one<T: FromRow>(&mut self, sql: Sql) -> Result<T> {
        self.maybe(sql).await?.ok_or(Error::NoRow)
    }

    /// Runs several statements of literal text without values: migrations.
    pub(crate) async fn script(&mut self, text: String) -> Result<()> {
        let script = sqlx::raw_sql(sqlx::AssertSqlSafe(text));
        match &mut self.inner {
            Inner::Sqlite(tx) => {
                (&mut **tx).execute(script).await?;
            }
            Inner::Postgres(tx, _) => {
                (&mut **tx).execute(script).await?;
            }
        }
        Ok(())
    }

    /// Makes everything done here last.
    ///
    /// # Errors
    /// [`Error::Busy`] when the engine asks for the transaction to be run again.
    pub async fn commit(self) -> Result<()> {
        match self.inner {
            Inner::Sqlite(tx) => Ok(tx.commit().await?),
            Inner::Postgres(tx, _) => Ok(tx.commit().await?),
        }
    }
}
