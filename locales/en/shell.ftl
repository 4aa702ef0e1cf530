# The frame of every page.
brand = Peyvand
menu-today = Today
menu-parties = Customers
menu-follow-ups = Follow-ups
menu-insight = Insights
menu-segments = Segments
menu-imports = Import
menu-settings = Settings
shell-skip = Skip to content
shell-offline = You are offline; what you typed is kept.
shell-search = Search or run a command…
shell-search-hint = Name, number, ID…
shell-results = Results
shell-choose = choose
shell-open = open
shell-nav = Main
shell-path = Path
shell-notifications = Notifications
shell-log = Log an interaction
shell-more = More
shell-shortcuts = Keyboard shortcuts
shell-key-list-search = Search this list
shell-key-rows = Next row, previous row
shell-key-select = Select the row
shell-key-done = Done
shell-key-snooze = Snooze
shell-no-answer = No answer came. Try again.
close = Close
undo = Undo
copy = Copy
copied = Copied
save = Save
cancel = Cancel
edit = Edit
add = Add
remove = Remove
back = Back
next = Next
previous = Previous
optional = optional
yes = Yes
no = No
nobody = Nobody
post-owner = Owner
post-manager = Unit manager
post-agent = Customer relations
error-code = Reference:
error-home = Go to the first page
error-not-found = This page was not found
error-not-found-advice = The address may be wrong, the record may be gone, or it is outside of what you may see.
error-signed-out = Sign in first
error-signed-out-advice = Your session has ended. Sign in again.
error-forbidden = You may not do this
error-forbidden-advice = Your post does not carry this right. Ask your manager.
error-invalid = This was not accepted
error-conflict = This collides with what is stored
error-limited = Too many attempts
error-limited-advice = { $minutes ->
    [one] Try again in a minute.
   *[other] Try again in { $minutes } minutes.
}
error-unavailable = The database does not answer
error-unavailable-advice = Nothing is lost. Try again in a moment.
error-fault = Something went wrong on our side
error-fault-advice = What was saved before is safe. Try again; if it happens again, give the reference to your support.
error-cross-site = This request came from another page and was not carried out. Reload the page and try again.
open-calendar = Open calendar
form-problems = { $count ->
    [one] Correct one entry
   *[other] Correct { $count } entries
}
