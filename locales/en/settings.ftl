# Signing in
sign-in = Sign in
sign-in-welcome = Welcome
sign-in-to = Sign in to { $organisation }
sign-in-about = Sign in to go on
sign-in-remember = Remember this device
sign-in-forgotten = Forgot your password? Ask your manager to give you a new one.
sign-in-motto = Every contact with a customer begins an opportunity: not to sell, but to know.
sign-in-motto-more = From prospect to advocate; unhurried, with evidence, with respect.
sign-in-wait-seconds = { $seconds ->
    [one] Too many attempts. Try again in a second.
   *[other] Too many attempts. Try again in { $seconds } seconds.
}
sign-in-wait-minutes = { $minutes ->
    [one] Too many attempts. Try again in a minute.
   *[other] Too many attempts. Try again in { $minutes } minutes.
}
sign-out = Sign out
sign-out-about = Ends the session on this device only.
sign-out-everywhere = Sign out everywhere
email = E-mail
password = Password
password-show = Show password
password-hint = At least 10 characters; a short sentence works well.
password-change = Change password
password-change-about = Changing it signs you out on your other devices.
password-old = Current password
password-new = New password
password-repeat = New password again
password-differs = The two passwords differ. Type them again.
password-changed = Password changed.

# Display
view-choices = Calendar, digits and colours
view-apply = Apply
language = Language
calendar = Calendar
calendar-jalali = Solar Hijri
calendar-hijri = Lunar Hijri
calendar-gregorian = Gregorian
digits = Digits
digits-persian = Persian ۱۲۳
digits-arabic = Arabic ١٢٣
digits-latin = Latin 123
theme = Colours
theme-auto = As the device
theme-light = Light
theme-dark = Dark
time-zone = Time zone
time-zone-hint = Such as Asia/Tehran
currency = Currency
money-unit = Show amounts in
money-unit-toman = Toman
money-unit-currency = The currency itself
as-organisation = As the organisation ({ $value })
country = Country
your-name = Your name
go-on = Continue
saved = Saved.

# First run
set-up = First set-up
set-up-steps = Steps
set-up-step = Step { $number } of 4
set-up-step-organisation = Your organisation
set-up-step-display = Language and display
set-up-step-owner = Your account
set-up-step-readiness = Readiness
set-up-organisation-title = Start with your organisation
set-up-organisation-about = Three short questions. You can change every answer later in the settings.
set-up-name-hint = The name your people know, such as “Toranj Shop”
set-up-display-title = Language, dates and money
set-up-display-about = Everybody can choose differently for themselves later.
set-up-owner-title = Your account
set-up-owner-about = This account reaches everything. You add your people later.
set-up-email-hint = You sign in with it; nothing is sent there.
set-up-create = Create
set-up-private = Your data stays on your own server. Nothing is sent anywhere.
set-up-readiness-title = How ready are you?
set-up-readiness-about = Six questions, answered in a minute. They give you a short plan. You may skip them and answer later.
set-up-skip = Not now
set-up-finish = Finish
set-up-ready = Your organisation is ready and you are signed in.
set-up-to-today = Go to Today
organisation-name = Name of the organisation
organisation-kind = What kind of organisation is it?
kind-retail = Shop
kind-retail-about = Retail, in person or online
kind-distribution = Wholesale
kind-distribution-about = Sells to shops and companies
kind-clinic = Clinic
kind-clinic-about = Visits and appointments
kind-services = Services
kind-services-about = Training, repair, advice
kind-other = Something else
kind-other-about = You start with complete lists
country-ir = Iran
country-af = Afghanistan
country-iq = Iraq
country-sa = Saudi Arabia
country-ae = United Arab Emirates
country-kw = Kuwait
country-qa = Qatar
country-bh = Bahrain
country-om = Oman
country-jo = Jordan
country-lb = Lebanon
country-sy = Syria
country-eg = Egypt
country-ma = Morocco
country-tr = Türkiye
country-tj = Tajikistan
country-pk = Pakistan
country-in = India
country-de = Germany
country-gb = United Kingdom
country-us = United States

# Settings
settings-yours = You
settings-shared = Organisation
settings-me = Me and display
settings-security = Password and access
settings-organisation = Organisation
settings-people = Colleagues
settings-units = Units
settings-posts = Posts and rights
settings-words = Word lists
settings-readiness = Readiness
settings-history = History of changes
settings-who = You
settings-display = Display
settings-display-about = For you only. Each is a choice of its own.
settings-shortcuts = Single-letter shortcuts
settings-shortcuts-about = Such as N to log an interaction. “?” shows all of them.
settings-mail-reminders = Reminders by e-mail too
settings-mail-reminders-about = Reminders and overdue follow-ups also go to your e-mail address.
organisation-who = Organisation
organisation-display-about = For whoever has not chosen.
organisation-money = Money
organisation-money-about = Amounts are kept in this currency. Toman is only a way to write and show rials.
hijri-shift = Lunar calendar
hijri-shift-before = A day behind Umm al-Qura
hijri-shift-none = As Umm al-Qura
hijri-shift-after = A day ahead of Umm al-Qura

# Sessions and tokens
sessions = Where you are signed in
sessions-seen = last used { $when }
sessions-unknown = Unknown browser
sessions-this = This one
tokens = API tokens
tokens-none = There is no token. A token lets another program, such as accounting or your web site, work in your name.
tokens-new = New token
tokens-new-about = It never allows more than you may do yourself. It is shown once.
tokens-name = What is it for?
tokens-name-hint = Such as “web shop”
tokens-days = Valid for
tokens-days-count = { $days } days
tokens-days-never = For ever
tokens-reach = Rights
tokens-all = All my rights
tokens-some = Only these
tokens-choose = Choose rights
tokens-make = Create token
tokens-created = The token is ready
tokens-created-about = Put it in a safe place now; it will not be shown again.
tokens-scopes = { $count ->
    [one] one right
   *[other] { $count } rights
}
tokens-used = last used { $when }
tokens-unused = not used yet
tokens-until = until { $day }
tokens-over = Ended
tokens-revoke = Revoke
tokens-revoke-one = Revoke { $name }
tokens-revoked = Token revoked.

# People
people-new = Add a person
people-name = Name
people-post = Post
people-unit = Unit
people-seen = Last seen
people-never = Not yet
people-state = Account
people-is-open = Open
people-is-closed = Closed
people-no-password = No password
people-who = Who
people-who-about = They sign in with e-mail and password.
people-place = Place
people-place-about = Rights come from the post, not from the person. The unit decides whose customers they see.
people-first-password = First password
people-new-password = New password
people-new-password-hint = Only when they lost theirs; it signs them out everywhere.
people-added = Account created.
people-close = Close the account
people-close-about = They can no longer sign in and their tokens end. What they recorded stays.
people-hand-over = Who takes over
people-hand-over-holds = They look after { $customers ->
    [one] { $customers } customer
   *[other] { $customers } customers
}, { $followups ->
    [one] { $followups } open follow-up
   *[other] { $followups } open follow-ups
} and { $opportunities ->
    [one] { $opportunities } open opportunity
   *[other] { $opportunities } open opportunities
}.
people-hand-over-choose = Choose…
people-hand-over-head = { $name } (head of the unit)
people-hand-over-nobody = Nobody: customers without an owner, follow-ups stay in their name
people-closed = Account closed.
people-open = Open the account
people-open-about = They can sign in again.
people-opened = Account opened.
explain-title = Why can or can't they?
explain-room = Where
explain-act = What
explain-ask = Show why

# Units and posts
units-about = People see the customers of their unit and the units below it, if their post allows.
units-head = Head
units-no-head = No head
units-head-about = Overdue follow-ups reach the head after the person responsible.
units-people = { $count ->
    [one] one person
   *[other] { $count } people
}
units-name = Name of the unit
units-parent = Below
units-top = Top level
units-new = New unit
units-change = Change the unit
units-added = Unit created.
posts-about = Rights belong to the post. When the person changes, they stay where they are.
posts-new = New post
posts-name = Name of the post
posts-ready = Ready-made
posts-every-room = Every room
posts-rights = Rights
posts-rights-about = “See” says how far they see; everything else reaches as far.
posts-room = Room
posts-added = Post created.
posts-delete = Delete the post
posts-delete-about = Only a post that nobody holds.
posts-deleted = Post deleted.

# Word lists
terms-list = List
terms-list-reason = Reason for contact
terms-list-origin = Origin of contact
terms-list-result = Result
terms-list-source = How they found us
terms-list-trait = Traits
terms-list-taste = Tastes
terms-list-expectation = Expectations
terms-list-need = Needs
terms-list-honorific = Titles
terms-list-education = Education
terms-list-income-band = Income
terms-list-relation = Relations
terms-label = Word
terms-label-of = Name of “{ $word }”
terms-add = New word
terms-add-about = A retired word stays in the records; it is only no longer offered.
terms-retire = Retire
terms-retire-one = Retire “{ $word }”
terms-retired = Retired
terms-restore = Restore
terms-restore-one = Restore “{ $word }”

# Readiness
readiness-about = The six barriers at which most customer programmes fail. Answer again every three months.
readiness-state = Where you stand today
readiness-again = Next time: { $day }
readiness-better = better
readiness-worse = worse
readiness-plan = Suggestion:
readiness-open = Not answered yet.
readiness-empty = You have not answered yet
readiness-empty-about = It takes a minute and gives you a short plan for the high barriers.
readiness-answer = Answer the questions
readiness-kept = Answers saved.

# History
history-kind = Room
history-every = All
history-actor = Who
history-everybody = Everybody
history-from = From
history-until = Until
history-show = Show
history-clear = Clear filters
history-when = When
history-what = What
history-door = Through
history-details = Details
history-program = Program
history-older = Older
history-empty = Nothing found
history-empty-about = Widen the dates or choose another room.
door-web = Browser
door-api = Another program
door-cli = Command line
door-job = Automatic
events-party = Customers
events-interaction = Interactions
events-follow-up = Follow-ups
events-purchase = Purchases
events-opportunity = Opportunities
events-import = File import
events-idea = Ideas
events-user = People and sign-in
events-token = API tokens
events-unit = Units
events-post = Posts
events-organisation = Organisation
events-terms = Word lists
events-readiness = Readiness
event-user-signed-in = Signed in
event-user-signed-out = Signed out
event-user-signed-out-everywhere = Signed out everywhere
event-user-sign-in-failed = Failed sign-in
event-user-password-changed = Password changed
event-user-created = Account created
event-user-changed = Account changed
event-user-deactivated = Account closed
event-token-created = Token created
event-token-revoked = Token revoked
event-unit-created = Unit created
event-unit-changed = Unit changed
event-post-created = Post created
event-post-changed = Post changed
event-post-deleted = Post deleted
event-organisation-set-up = Organisation set up
event-organisation-changed = Organisation settings changed
event-terms-changed = Word list changed
event-readiness-answered = Readiness questions answered
event-import-finished = File import finished
event-import-failed = File import broke off
event-import-undone = File import undone
event-facts-rebuild-asked = Working out facts anew asked for
event-facts-rebuilt = Facts of customers worked out anew
event-insight-refresh-asked = New scores asked for
event-follow-up-planned = Follow-up planned
event-follow-up-changed = Follow-up changed
event-follow-up-done = Follow-up done
event-follow-up-snoozed = Follow-up snoozed
event-follow-up-handed-over = Follow-up handed over
event-follow-up-cancelled = Follow-up cancelled
event-follow-up-restored = Follow-up opened again
event-follow-up-taken-back = Follow-up taken back
event-interaction-logged = Interaction logged
event-interaction-restored = Interaction restored
event-interaction-changed = Interaction changed
event-interaction-taken-back = Interaction taken back
event-purchase-created = Purchase recorded
event-parties-exported = Customers exported
event-keys-rotated = Encryption key changed
