//! The frame of a page, and the small things every page needs: icons, cookies, messages that outlive a redirect.

use crate::assets;
use crate::error::{PageError, PageResult};
use crate::form::FormView;
use crate::request::Req;
use askama::{FastWritable, Template};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use data_encoding::BASE64URL_NOPAD;
use peyvand_core::parties::Party;
use peyvand_core::platform::calendar::Calendar;
use peyvand_core::platform::locale::{Loc, Theme};
use peyvand_core::platform::text::{Digits, Lang};
use peyvand_core::{Act, Id, Room};
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::fmt;

/// Cookie of the session.
pub const SESSION_COOKIE: &str = "peyvand_session";
/// Cookie of a message for the next page.
pub const FLASH_COOKIE: &str = "peyvand_flash";

/// The frame of a page: menu, user, words. Templates print it as `s`.
pub struct Shell {
    /// Words, dates and numbers; its methods are the shell's too.
    pub loc: Loc,
    /// The entry of the menu that is open.
    pub room: &'static str,
    /// Title of the page.
    pub title: String,
    /// Where the page stands: label and address, from the room down; the title is the last.
    pub crumbs: Vec<(String, String)>,
    /// The organisation's name.
    pub organisation: String,
    /// The user's name; absent before sign-in.
    pub user: Option<String>,
    /// The user's post in words.
    pub post: String,
    /// The word for unsafe requests.
    pub csrf: String,
    /// The menu.
    pub menu: Vec<MenuEntry>,
    /// A message left by the page before.
    pub flash: Option<Flash>,
    /// Path and query of this page.
    pub path: String,
    /// Where the button leads that logs an interaction; on a customer's page with that customer.
    pub log_href: String,
    can_log: bool,
    can_add: bool,
}

/// An entry of the menu.
pub struct MenuEntry {
    /// Name of the room.
    pub room: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// Its label in the catalogue.
    pub label: &'static str,
    /// The letter after G that leads there.
    pub key: &'static str,
}

const MENU: &[(MenuEntry, Room)] = &[
    (MenuEntry { room: "today", href: "/today", icon: "calendar-check", label: "menu-today", key: "t" }, Room::FollowUps),
    (MenuEntry { room: "parties", href: "/parties", icon: "users", label: "menu-parties", key: "c" }, Room::Parties),
    (MenuEntry { room: "follow_ups", href: "/follow-ups", icon: "calendar-event", label: "menu-follow-ups", key: "f" }, Room::FollowUps),
    (MenuEntry { room: "lifecycle", href: "/lifecycle", icon: "route", label: "menu-lifecycle", key: "l" }, Room::Lifecycle),
    (MenuEntry { room: "opportunities", href: "/opportunities", icon: "target-arrow", label: "menu-opportunities", key: "p" }, Room::Sales),
    (MenuEntry { room: "insight", href: "/insight", icon: "chart-dots-3", label: "menu-insight", key: "b" }, Room::Insight),
    (MenuEntry { room: "segments", href: "/segments", icon: "filter", label: "menu-segments", key: "s" }, Room::Marketing),
    (MenuEntry { room: "experience", href: "/experience", icon: "heart-handshake", label: "menu-experience", key: "r" }, Room::Experience),
    (MenuEntry { room: "advocacy", href: "/advocacy", icon: "affiliate", label: "menu-advocacy", key: "a" }, Room::Advocacy),
    (MenuEntry { room: "service", href: "/service", icon: "message-circle", label: "menu-service", key: "v" }, Room::Service),
    (MenuEntry { room: "imports", href: "/imports", icon: "file-import", label: "menu-imports", key: "i" }, Room::Imports),
    (MenuEntry { room: "settings", href: "/settings", icon: "settings", label: "menu-settings", key: "o" }, Room::Parties),
];

impl Shell {
    pub(crate) fn new(req: &Req, room: &'static str, title: String) -> Shell {
        let session = req.session.as_deref();
        let organisation = match req.ctx.app.organisation.read() {
            Ok(cached) => cached.as_ref().map(|(_, organisation)| organisation.name.clone()).unwrap_or_default(),
            Err(_) => String::new(),
        };
        let menu = MENU
            .iter()
            .filter(|(entry, room)| entry.room == "settings" && session.is_some() || req.can(*room, Act::See))
            .map(|(entry, _)| MenuEntry { ..*entry })
            .collect();
        Shell {
            loc: req.loc.clone(),
            room,
            title,
            crumbs: Vec::new(),
            organisation,
            user: session.map(|session| session.actor.name.clone()),
            post: session.map(|session| post_name(&req.loc, &session.post, session.post_name.as_deref())).unwrap_or_default(),
            csrf: session.map(|session| session.csrf.clone()).unwrap_or_default(),
            menu,
            flash: req.flash.clone(),
            path: req.path.clone(),
            log_href: "/interactions/new".to_owned(),
            can_log: req.can(Room::Interactions, Act::Create),
            can_add: req.can(Room::Parties, Act::Create),
        }
    }

    /// With the way from the room to this page: label and address of each step above it.
    #[must_use]
    pub fn crumb(mut self, label: impl Into<String>, href: impl Into<String>) -> Shell {
        self.crumbs.push((label.into(), href.into()));
        self
    }

    /// On a customer's page: what is logged from anywhere on it is about that customer.
    #[must_use]
    pub fn logs_about(mut self, party: Id<Party>) -> Shell {
        self.log_href = format!("/interactions/new?party={party}");
        self
    }

    /// An icon of the sprite, by its Tabler name, with size classes (`s`, `xs`, `l`, `flip`) or none.
    #[must_use]
    pub fn icon(&self, name: &str, classes: &str) -> Safe {
        icon(name, classes)
    }

    /// A filled icon.
    #[must_use]
    pub fn icon_fill(&self, name: &str, classes: &str) -> Safe {
        let sprite = assets::url("icons.svg");
        Safe(format!(r#"<svg class="i fill {classes}" aria-hidden="true"><use href="{sprite}#f-{name}"/></svg>"#))
    }

    /// The address of an asset.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    /// First letter of a name, for an avatar.
    #[must_use]
    pub fn initial(&self, name: &str) -> String {
        initial(name)
    }

    /// One of the avatar tones, always the same for the same name.
    #[must_use]
    pub fn tone(&self, name: &str) -> &'static str {
        const TONES: [&str; 7] = ["rose", "lapis", "teal", "plum", "saffron", "peste", "slate"];
        let sum = name.bytes().fold(7_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        TONES[sum % TONES.len()]
    }

    /// The bands of a customer in words.
    #[must_use]
    pub fn rfm(&self, recency: impl Borrow<i64>, frequency: impl Borrow<i64>, value: impl Borrow<i64>) -> String {
        let args = [("recency", recency.borrow().into()), ("frequency", frequency.borrow().into()), ("value", value.borrow().into())];
        self.loc.ta("parties-rfm-of", &args)
    }

    /// `data-digits` of the page.
    #[must_use]
    pub fn digits_word(&self) -> &'static str {
        match self.loc.prefs.digits {
            Digits::Persian => "arabext",
            Digits::Arabic => "arab",
            Digits::Latin => "latn",
        }
    }

    /// `data-calendar` of the page.
    #[must_use]
    pub fn calendar_word(&self) -> &'static str {
        match self.loc.prefs.calendar {
            Calendar::Jalali => "persian",
            Calendar::Hijri => "islamic-umalqura",
            Calendar::Gregorian => "gregory",
        }
    }

    /// `data-week-start` of the page.
    #[must_use]
    pub fn week_start(&self) -> u8 {
        if self.loc.prefs.lang == Lang::En { 1 } else { 6 }
    }

    /// `data-theme` of the page; empty for as the device says.
    #[must_use]
    pub fn theme(&self) -> &'static str {
        match self.loc.prefs.theme {
            Theme::Auto => "",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// Whether the button that logs an interaction is shown.
    #[must_use]
    pub fn can_log(&self) -> bool {
        self.can_log
    }

    /// Whether the button that adds a customer is shown.
    #[must_use]
    pub fn can_add(&self) -> bool {
        self.can_add
    }
}

impl std::ops::Deref for Shell {
    type Target = Loc;
    fn deref(&self) -> &Loc {
        &self.loc
    }
}

/// The name of a post: the organisation's own, or that of the catalogue for a ready-made one.
#[must_use]
pub fn post_name(loc: &Loc, word: &str, name: Option<&str>) -> String {
    let key = format!("post-{word}");
    match name {
        Some(name) => name.to_owned(),
        None if loc.has(&key) => loc.t(&key),
        None => word.to_owned(),
    }
}

/// First letter of a name.
#[must_use]
pub fn initial(name: &str) -> String {
    name.trim().chars().next().map(|letter| letter.to_uppercase().collect()).unwrap_or_else(|| "؟".to_owned())
}

/// An icon of the sprite.
#[must_use]
pub fn icon(name: &str, classes: &str) -> Safe {
    let sprite = assets::url("icons.svg");
    Safe(format!(r#"<svg class="i {classes}" aria-hidden="true"><use href="{sprite}#{name}"/></svg>"#))
}

/// Markup of our own that templates print as it is.
pub struct Safe(pub String);

impl fmt::Display for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl askama::filters::HtmlSafe for Safe {}
impl FastWritable for Safe {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn askama::Values) -> askama::Result<()> {
        Ok(dest.write_str(&self.0)?)
    }
}

/// A message for the next page, with the undo of what was done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flash {
    /// The message in words.
    pub text: String,
    /// The undo that takes the act back.
    pub undo: Option<String>,
}

impl Flash {
    pub(crate) fn read(cookie: &str) -> Option<Flash> {
        serde_json::from_slice(&BASE64URL_NOPAD.decode(cookie.as_bytes()).ok()?).ok()
    }

    fn cookie(&self) -> String {
        let text = serde_json::to_vec(self).map(|json| BASE64URL_NOPAD.encode(&json)).unwrap_or_default();
        format!("{FLASH_COOKIE}={text}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax")
    }
}

/// The value of a cookie.
#[must_use]
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().split_once('=').filter(|(found, _)| *found == name).map(|(_, value)| value))
}

/// Adds a cookie to an answer.
pub fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// An HTML answer.
pub fn html(text: String) -> impl IntoResponse {
    Html(text)
}

/// Renders a page, and uses up the message left for it.
///
/// # Errors
/// When the template does not render.
pub fn page(req: &Req, template: &impl Template) -> PageResult {
    let mut response = Html(template.render()?).into_response();
    if req.flash.is_some() && !req.htmx {
        set_cookie(&mut response, &format!("{FLASH_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
    }
    Ok(response)
}

/// Renders a form again with its problems: 422.
///
/// # Errors
/// When the template does not render.
pub fn unprocessable(template: &impl Template) -> PageResult {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(template.render()?)).into_response())
}

/// A form: its page, or in a dialog only the form; 422 when something is wrong in it.
///
/// # Errors
/// When the template does not render.
pub fn form(req: &Req, f: &FormView, in_dialog: bool, whole: &impl Template, form: &impl Template) -> PageResult {
    match (f.errors().is_empty(), in_dialog) {
        (true, true) => page(req, form),
        (true, false) => page(req, whole),
        (false, true) => unprocessable(form),
        (false, false) => unprocessable(whole),
    }
}

/// Leads to another page, with a message there; works with and without htmx.
pub fn go(req: &Req, to: &str, flash: Option<Flash>) -> Response {
    let mut response =
        if req.htmx { [("hx-redirect", to)].into_response() } else { (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response() };
    if let Some(flash) = flash {
        set_cookie(&mut response, &flash.cookie());
    }
    response
}

#[derive(Template)]
#[template(path = "parts/toast.html")]
struct ToastPart<'a> {
    loc: &'a Loc,
    flash: &'a Flash,
}

/// A message that htmx puts beside the main answer.
///
/// # Errors
/// When the template does not render.
pub fn toast(req: &Req, flash: &Flash) -> Result<String, PageError> {
    Ok(ToastPart { loc: &req.loc, flash }.render()?)
}

/// To the sign-in page, and back here afterwards.
pub(crate) fn to_sign_in(req: &Req) -> Response {
    let back = if req.htmx || req.path == "/" { String::new() } else { format!("?next={}", percent(&req.path)) };
    let mut response = go(req, &format!("/sign-in{back}"), None);
    if req.htmx {
        *response.status_mut() = StatusCode::OK;
    }
    response
}

/// Text for a query string.
#[must_use]
pub fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
