//! Rights: who may do what in which room, and which rows they see.

use crate::{Error, Result};
use peyvand_db::{Id, Sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

peyvand_db::words! {
    /// A part of the product that rights are given for.
    pub enum Room {
        /// Customers and all that is known of them.
        Parties = "parties",
        /// National IDs in clear; every look is noted.
        Identities = "identities",
        /// What passed between us and them.
        Interactions = "interactions",
        /// What is to be done next.
        FollowUps = "follow_ups",
        /// Purchases, products, opportunities.
        Sales = "sales",
        /// Numbers worked out from what customers buy.
        Insight = "insight",
        /// The way of customers from stranger to advocate.
        Lifecycle = "lifecycle",
        /// Whom we speak to: segments.
        Marketing = "marketing",
        /// How customers are treated: policies, gifts, respect.
        Experience = "experience",
        /// Customers who bring others.
        Advocacy = "advocacy",
        /// What customers say: surveys and their answers.
        Service = "service",
        /// Bringing files in.
        Imports = "imports",
        /// People, units and posts.
        Organisation = "organisation",
        /// Settings of the organisation and its word lists.
        Settings = "settings",
        /// The history of everything.
        Audit = "audit",
    }
}

peyvand_db::words! {
    /// What may be done in a room.
    pub enum Act {
        /// Look.
        See = "see",
        /// Add.
        Create = "create",
        /// Change.
        Change = "change",
        /// Remove or archive.
        Delete = "delete",
        /// Take out as a file.
        Export = "export",
    }
}

peyvand_db::words! {
    /// How far somebody sees in a room.
    pub enum Reach {
        /// Nothing.
        Nothing = "nothing",
        /// What they own.
        Own = "own",
        /// What belongs to their unit and the units below it.
        Unit = "unit",
        /// Everything.
        All = "all",
    }
}

/// A right: an act in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Perm(pub Room, pub Act);

impl fmt::Display for Perm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// What a post allows in one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Right {
    /// How far its holder sees; the other acts reach as far.
    pub see: Reach,
    /// May add.
    #[serde(default)]
    pub create: bool,
    /// May change.
    #[serde(default)]
    pub change: bool,
    /// May remove.
    #[serde(default)]
    pub delete: bool,
    /// May take out as a file.
    #[serde(default)]
    pub export: bool,
}

impl Right {
    /// Everything, everywhere.
    pub const FULL: Right = Right { see: Reach::All, create: true, change: true, delete: true, export: true };
    /// Nothing.
    pub const NONE: Right = Right { see: Reach::Nothing, create: false, change: false, delete: false, export: false };

    /// Whether the act is among them.
    #[must_use]
    pub fn allows(self, act: Act) -> bool {
        self.see != Reach::Nothing
            && match act {
                Act::See => true,
                Act::Create => self.create,
                Act::Change => self.change,
                Act::Delete => self.delete,
                Act::Export => self.export,
            }
    }
}

/// What a post allows, room by room; a room that is not named is closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Rights(pub BTreeMap<Room, Right>);

impl Rights {
    /// Everything in every room.
    #[must_use]
    pub fn full() -> Rights {
        Rights(Room::ALL.iter().map(|room| (*room, Right::FULL)).collect())
    }

    /// The right in one room.
    #[must_use]
    pub fn of(&self, room: Room) -> Right {
        self.0.get(&room).copied().unwrap_or(Right::NONE)
    }
}

/// A person or a program that asks.
#[derive(Clone, Debug)]
pub enum Actor {
    /// Somebody who has not signed in.
    Nobody,
    /// The program itself, and whoever holds the machine: jobs and the command line.
    System,
    /// A user.
    User(Arc<UserActor>),
}

/// What is known of the user who asks.
#[derive(Clone, Debug)]
pub struct UserActor {
    /// The user.
    pub id: Id<User>,
    /// Their name.
    pub name: String,
    /// Their own unit, then the units below it.
    pub units: Vec<Id<Unit>>,
    /// What their post allows.
    pub rights: Rights,
    /// For an API token: the only rights it may use (`parties.see`); `None` for a person.
    pub scopes: Option<Vec<String>>,
}

/// A user; the row type is in `users`.
#[derive(Debug)]
pub enum User {}
/// A unit of the organisation.
#[derive(Debug)]
pub enum Unit {}

impl UserActor {
    /// What the post allows, narrowed to what the token may use.
    #[must_use]
    pub fn rights_in_scope(&self) -> Rights {
        let Some(scopes) = &self.scopes else { return self.rights.clone() };
        let narrowed = self.rights.0.iter().map(|(room, right)| {
            let may = |act| right.allows(act) && scopes.contains(&Perm(*room, act).to_string());
            let right = Right {
                see: if may(Act::See) { right.see } else { Reach::Nothing },
                create: may(Act::Create),
                change: may(Act::Change),
                delete: may(Act::Delete),
                export: may(Act::Export),
            };
            (*room, right)
        });
        Rights(narrowed.collect())
    }
}

impl Actor {
    /// The user's id; `None` for the program itself.
    #[must_use]
    pub fn user(&self) -> Option<Id<User>> {
        match self {
            Actor::User(user) => Some(user.id),
            Actor::Nobody | Actor::System => None,
        }
    }

    /// The user's own unit.
    #[must_use]
    pub fn unit(&self) -> Option<Id<Unit>> {
        match self {
            Actor::User(user) => user.units.first().copied(),
            Actor::Nobody | Actor::System => None,
        }
    }

    /// The user, for what only a person can do.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for anybody else.
    pub fn person(&self) -> Result<&Arc<UserActor>> {
        match self {
            Actor::User(user) => Ok(user),
            Actor::Nobody | Actor::System => Err(Error::SignedOut),
        }
    }

    /// Whether the right is held; for menus and buttons. Operations use [`Actor::check`].
    #[must_use]
    pub fn can(&self, perm: Perm) -> bool {
        self.check(perm).is_ok()
    }

    /// How far the actor reaches with this right.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for nobody, [`Error::Forbidden`] when the post or the token does not carry it.
    pub fn check(&self, perm: Perm) -> Result<Sight> {
        match self {
            Actor::Nobody => Err(Error::SignedOut),
            Actor::System => Ok(Sight::All),
            Actor::User(user) => {
                let right = user.rights.of(perm.0);
                let in_scope = user.scopes.as_ref().is_none_or(|scopes| scopes.contains(&perm.to_string()));
                if !right.allows(perm.1) || !in_scope {
                    return Err(Error::Forbidden(perm));
                }
                Ok(match right.see {
                    Reach::All => Sight::All,
                    Reach::Unit => Sight::Units { units: user.units.clone(), user: user.id },
                    Reach::Own | Reach::Nothing => Sight::Own(user.id),
                })
            }
        }
    }
}

/// Which rows of a room an actor reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// All.
    All,
    /// Those of these units, and the user's own.
    Units {
        /// The user's unit and those below.
        units: Vec<Id<Unit>>,
        /// The user.
        user: Id<User>,
    },
    /// The user's own.
    Own(Id<User>),
}

impl Sight {
    /// Adds the condition on parties, for a query in which table `parties` has the alias `p`.
    pub fn parties(&self, sql: &mut Sql) {
        match self {
            Sight::All => {}
            Sight::Units { units, user } => {
                sql.push(" AND (p.unit_id IN ").list(units.iter().copied()).push(" OR p.owner_id = ").arg(*user).push(")");
            }
            Sight::Own(user) => {
                sql.push(" AND p.owner_id = ").arg(*user);
            }
        }
    }

    /// Whether what is looked after by this user in this unit lies within it.
    #[must_use]
    pub fn covers(&self, owner: Option<Id<User>>, unit: Option<Id<Unit>>) -> bool {
        match self {
            Sight::All => true,
            Sight::Units { units, user } => owner == Some(*user) || unit.is_some_and(|unit| units.contains(&unit)),
            Sight::Own(user) => owner == Some(*user),
        }
    }

    /// Adds the condition on follow-ups, for a query in which table `follow_ups` has the alias `f` and table `users`,
    /// joined on its owner, the alias `o`.
    pub fn follow_ups(&self, sql: &mut Sql) {
        match self {
            Sight::All => {}
            Sight::Units { units, user } => {
                sql.push(" AND (o.unit_id IN ").list(units.iter().copied()).push(" OR f.owner_id = ").arg(*user).push(")");
            }
            Sight::Own(user) => {
                sql.push(" AND f.owner_id = ").arg(*user);
            }
        }
    }
}

/// The posts that every organisation starts with: word and rights. Their names are in `locales/` under `post-WORD`.
#[must_use]
pub fn ready_made_posts() -> Vec<(&'static str, Rights)> {
    let manager = Rights(
        Room::ALL
            .iter()
            .map(|room| {
                let right = match room {
                    Room::Organisation | Room::Settings | Room::Audit => Right { see: Reach::Unit, ..Right::NONE },
                    Room::Imports => Right { see: Reach::Unit, create: true, change: true, delete: true, export: true },
                    _ => Right { see: Reach::Unit, ..Right::FULL },
                };
                (*room, right)
            })
            .collect(),
    );
    let agent = Rights(BTreeMap::from([
        (Room::Parties, Right { see: Reach::Own, create: true, change: true, ..Right::NONE }),
        (Room::Interactions, Right { see: Reach::Own, create: true, change: true, ..Right::NONE }),
        (Room::FollowUps, Right { see: Reach::Own, create: true, change: true, ..Right::NONE }),
        (Room::Sales, Right { see: Reach::Own, create: true, change: true, ..Right::NONE }),
        (Room::Insight, Right { see: Reach::Own, ..Right::NONE }),
        (Room::Lifecycle, Right { see: Reach::Own, create: true, ..Right::NONE }),
        (Room::Marketing, Right { see: Reach::Own, ..Right::NONE }),
        (Room::Experience, Right { see: Reach::Own, ..Right::NONE }),
        (Room::Advocacy, Right { see: Reach::Own, create: true, ..Right::NONE }),
        (Room::Service, Right { see: Reach::Own, create: true, change: true, ..Right::NONE }),
    ]));
    vec![("owner", Rights::full()), ("manager", manager), ("agent", agent)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(rights: Rights, scopes: Option<Vec<String>>) -> Actor {
        let id = crate::context::new_id(crate::Instant(1));
        Actor::User(Arc::new(UserActor { id, name: "n".into(), units: vec![], rights, scopes }))
    }

    #[test]
    fn a_right_without_sight_allows_nothing() {
        let rights = Rights(BTreeMap::from([(Room::Parties, Right { see: Reach::Nothing, create: true, ..Right::NONE })]));
        assert!(!actor(rights, None).can(Perm(Room::Parties, Act::Create)));
    }

    #[test]
    fn a_token_never_allows_more_than_its_scopes() {
        let token = actor(Rights::full(), Some(vec!["parties.see".into()]));
        assert!(token.can(Perm(Room::Parties, Act::See)));
        assert!(!token.can(Perm(Room::Parties, Act::Create)));
    }
}
