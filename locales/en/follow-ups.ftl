# Follow-ups: what is to be done next.
follow-ups-due-past = That day has passed. Write today or a later day.
follow-ups-owner-unknown = This colleague is not in your unit. Choose somebody from the list.
follow-ups-changed-meanwhile = Somebody changed this follow-up meanwhile. Reload the page and look again.
follow-ups-not-open = This follow-up is no longer open.
follow-ups-undone = Taken back.
follow-ups-new = New follow-up
follow-ups-edit = Edit follow-up
follow-ups-customer = Customer
follow-ups-customer-hint = Type a name, phone or customer code.
follow-ups-what = What is to be done?
follow-ups-what-hint = For example: call about the offer
follow-ups-due = Due
follow-ups-time = Time
follow-ups-owner = Owner
follow-ups-channel = Channel
follow-ups-importance = Importance
follow-ups-importance-low = Low
follow-ups-importance-normal = Normal
follow-ups-importance-high = High
follow-ups-remind = Reminder
follow-ups-remind-not = No reminder
follow-ups-remind-before = { $minutes ->
    [0] At the time
    [60] One hour before
    [120] Two hours before
    [1440] One day before
   *[other] { $minutes } minutes before
}
follow-ups-planned = Follow-up with { $name } planned
follow-ups-changed = Follow-up with { $name } changed
follow-ups-was-done = Follow-up with { $name } done
follow-ups-snoozed = Follow-up with { $name } put off to { $when }
follow-ups-handed-over = Follow-up with { $name } handed over to { $owner }
follow-ups-cancelled = Follow-up with { $name } cancelled
follow-ups-done = Done
follow-ups-done-go = Done
follow-ups-snooze = Snooze
follow-ups-snooze-go = Snooze
follow-ups-hand-over = Hand over
follow-ups-hand-over-go = Hand over
follow-ups-cancel = Cancel follow-up
follow-ups-call = Call
follow-ups-done-of = Done: { $name }
follow-ups-snooze-of = Snooze: { $name }
follow-ups-call-of = Call: { $name }
follow-ups-log-of = Log interaction: { $name }
follow-ups-plan-of = New follow-up: { $name }
follow-ups-acts-of = More: { $name }
follow-ups-result-ask = What came of it? Choosing one marks it done.
follow-ups-more = Note, log an interaction, next step
follow-ups-text = Note
follow-ups-contact = Log as an interaction
follow-ups-contact-not = Do not log
follow-ups-next = Next step
follow-ups-new-owner = Who takes it?
follow-ups-snooze-later = Later today
follow-ups-snooze-tomorrow = Tomorrow
follow-ups-snooze-two-days = In two days
follow-ups-snooze-next-week = Next week
follow-ups-snooze-next-month = Next month
follow-ups-snooze-pick = Another day
follow-ups-views = Views
follow-ups-view-open = Open
follow-ups-view-overdue = Overdue
follow-ups-view-today = Today
follow-ups-view-later = Later
follow-ups-view-done = Done
follow-ups-view-cancelled = Cancelled
follow-ups-none-open = No open follow-ups
follow-ups-none-overdue = Nothing is overdue
follow-ups-none-today = Nothing left for today
follow-ups-none-later = Nothing planned for later
follow-ups-none-done = Nothing done yet
follow-ups-none-cancelled = Nothing cancelled
follow-ups-none-advice = Write down the next step for each customer, and we remind you in time.
follow-ups-first = From the start
