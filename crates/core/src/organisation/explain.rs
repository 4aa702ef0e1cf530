//! Why can, or can't, somebody see this: the question that every rights system must answer in a sentence.

use crate::parties::Party;
use crate::platform::access::{Reach, Unit, User};
use crate::platform::locale::Loc;
use crate::platform::sessions::{rights_of, units_below};
use crate::platform::users::in_sight;
use crate::{Act, Ctx, Error, Operations, Perm, Result, Room};
use peyvand_db::{Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The question.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    /// Who.
    pub user_id: Id<User>,
    /// Where.
    pub room: Room,
    /// To do what.
    pub act: Act,
    /// To whom; in general when absent.
    pub party_id: Option<Id<Party>>,
}

peyvand_db::words! {
    /// Why an act is allowed or not.
    pub enum Reason {
        /// The account is closed.
        Closed = "closed",
        /// The post gives nothing in the room.
        NoRoom = "no_room",
        /// The post lets them see, but not do this.
        NoAct = "no_act",
        /// The post reaches everything.
        All = "all",
        /// The post reaches so far; which record it is decides.
        InGeneral = "in_general",
        /// It is their own customer.
        Own = "own",
        /// The customer belongs to their unit or one below.
        Unit = "unit",
        /// The customer belongs to somebody else.
        Elsewhere = "elsewhere",
    }
}

/// The answer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Explanation {
    /// Whether they may.
    pub allowed: bool,
    /// Their name.
    pub user: String,
    /// Word of their post.
    pub post: String,
    /// The organisation's own name of the post.
    pub post_name: Option<String>,
    /// How far the post reaches in the room.
    pub reach: Reach,
    /// Why.
    pub reason: Reason,
    /// The same as a sentence in the caller's language.
    pub sentence: String,
}

row! {
    struct Asked {
        name: String = "u.name",
        is_active: bool = "u.is_active",
        unit_id: Id<Unit> = "u.unit_id",
        post: String = "o.word",
        post_name: Option<String> = "o.name",
        rights: serde_json::Value = "o.rights",
    }
}

/// Answers why somebody can or cannot do something.
///
/// # Errors
/// Without the right to see the organisation, for a person or a party out of the caller's own sight.
pub async fn explain(ctx: &Ctx, input: Explain) -> Result<Explanation> {
    in_sight(ctx, Act::See, input.user_id).await?;
    let reader = ctx.read(Perm(Room::Organisation, Act::See))?;
    let query = Sql::select::<Asked>("FROM users u JOIN posts o ON o.id = u.post_id WHERE u.id = $1").bind(input.user_id);
    let asked: Asked = reader.db.one(query).await?;
    let party = match input.party_id {
        Some(id) => {
            let mut query = sql("SELECT p.owner_id, p.unit_id FROM parties p WHERE p.id = ");
            query.arg(id);
            ctx.read(Perm(Room::Parties, Act::See))?.sight.parties(&mut query);
            let found: Option<(Option<Id<User>>, Option<Id<Unit>>)> = reader.db.maybe(query).await?;
            Some(found.ok_or(Error::NotFound("party"))?)
        }
        None => None,
    };
    let right = rights_of(&asked.post, asked.rights)?.of(input.room);
    let reason = if !asked.is_active {
        Reason::Closed
    } else if right.see == Reach::Nothing {
        Reason::NoRoom
    } else if !right.allows(input.act) {
        Reason::NoAct
    } else {
        match (right.see, party) {
            (Reach::All, _) => Reason::All,
            (_, None) => Reason::InGeneral,
            (_, Some((Some(owner), _))) if owner == input.user_id => Reason::Own,
            (Reach::Unit, Some((_, Some(unit)))) if units_below(&ctx.app, asked.unit_id).await?.contains(&unit) => Reason::Unit,
            (_, Some(_)) => Reason::Elsewhere,
        }
    };
    let allowed = matches!(reason, Reason::All | Reason::InGeneral | Reason::Own | Reason::Unit);
    let loc = Loc::new(ctx.prefs.clone(), ctx.now());
    let post = asked.post_name.clone().unwrap_or_else(|| loc.t(&format!("post-{}", asked.post)));
    let room = loc.t(&format!("room-{}", input.room.as_str().replace('_', "-")));
    let act = loc.t(&format!("act-{}", input.act));
    let sentence = loc.ta(
        &format!("explain-{}", reason.as_str().replace('_', "-")),
        &[
            ("user", (&asked.name).into()),
            ("post", (&post).into()),
            ("room", room.into()),
            ("act", act.into()),
            ("reach", loc.t(&format!("reach-{}", right.see)).into()),
        ],
    );
    Ok(Explanation { allowed, user: asked.name, post: asked.post, post_name: asked.post_name, reach: right.see, reason, sentence })
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "access.explain",
        "GET /access/explain",
        Some(Perm(Room::Organisation, Act::See)),
        "Why can, or can't, somebody do this: post, reach and reason.",
        explain,
    );
}
