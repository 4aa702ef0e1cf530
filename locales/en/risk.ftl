# Who may leave, and what is done so that they stay.
risk = Who may leave
risk-about = Customers of value whose return is in doubt, why, and what is at stake
risk-sub = { $count ->
    [one] As of { $day }, from a model that learned from one customer
   *[other] As of { $day }, from a model that learned from { $count } customers
}
risk-bare = Once purchases are in, this page shows which customers of value may leave, and why.
risk-needs-model = The probability that somebody is still there comes from two models, which have not been learned from the purchases yet.
risk-customers = Of value, and may leave
risk-customers-unit = customers
risk-customers-about = worth more than the average of { $mean } { $unit } if they stay
risk-stake = At stake
risk-stake-about = of the sales of the next 12 months
risk-back = Came back after an act
risk-back-of = { $back } of { $judged }
risk-back-none = no act yet whose { $days } days are over
risk-reasons = What speaks for it
risk-reasons-about = Only what the data show
risk-reasons-note = A customer may be in several lines.
risk-reason = Reason
risk-reason-overdue = Late against their own rhythm
risk-reason-slowing = Gaps grow longer
risk-reason-less = Buys much less than before
risk-reason-complained = Complained
risk-reason-unspoken = Nobody has spoken with them
risk-reason-returned = Gave something back
risk-none = Nobody is like this now.
risk-bands = Worth of the next 12 months
risk-band-share = Of all worth
risk-band-below = less than { $until }
risk-band-above = { $from } and more
risk-trial-more = Group by group
risk-list = Customers, most at stake first
risk-list-about = What was done last stands below the reasons
risk-any-reason = Any reason
risk-any-owner = Anybody’s
risk-any-tier = Any tier
risk-all = Show all
risk-why = What speaks for it
risk-silent-days = { $days ->
    [one] silent for one day
   *[other] silent for { $days } days
}
risk-last-save = { $kind }, { $when }
risk-why-overdue = { $gap ->
    [one] No purchase for { $days } days; they used to buy every day
   *[other] No purchase for { $days } days; they used to buy every { $gap } days
}
risk-why-slowing = { $gap ->
    [one] Their last gap was more than twice the usual one day
   *[other] Their last gap was more than twice the usual { $gap } days
}
risk-why-less = Bought for { $now } { $unit } in the last half year, for { $before } in the one before
risk-why-complained = { $count ->
    [one] Complained once, { $days } days ago
   *[other] Complained { $count } times, last { $days } days ago
}
risk-why-unspoken = Nobody has spoken with them for { $days } days
risk-why-unspoken-never = Nobody has ever spoken with them
risk-why-returned = Gave back { $amount } { $unit }, last { $days } days ago
risk-why-none = The data show no reason; only the model says so
risk-how-who = Listed is who bought within the last 365 days, would be worth more than the average of { $mean } { $unit } in the next 12 months if they stay, and either is more likely gone than not, or is late or slowing down against their own rhythm.
risk-how-stake = At stake is what the next 12 months are expected to be worth if they stay, times the probability that they are gone.
risk-how-reasons = Reasons look at the last half year (182 days). Much less is less than half of the half year before, with two purchases there at least. A reason stands beside the doubt; it does not prove the cause.
risk-how-without = { $count ->
    [one] For one of them the data show no reason.
   *[other] For { $count } of them the data show no reason.
}
risk-column-no = Number
risk-column-name = Customer
risk-column-owner = Looked after by
risk-column-tier = Tier
risk-column-stake = At stake
risk-column-worth = Worth of the next 12 months
risk-column-active = Probability of being active
risk-column-days = Days since the last purchase
risk-column-gap = Usual gap, days
risk-column-last = Last purchase
risk-column-reasons = What speaks for it
risk-column-done = Done last
saves = What was done
saves-about = Calls, visits and presents so that customers stay; what came of them is read from the purchases
saves-new = Note what was done
saves-new-of = Note what was done for { $name }
saves-none = Nothing noted yet
saves-none-about = Call somebody from the list of those who may leave and note it here; a purchase afterwards is found by itself.
saves-result = Who came back
saves-kind = What was done
saves-kind-call = Call
saves-kind-visit = Visit
saves-kind-message = Message
saves-kind-offer = Offer
saves-kind-gift = Present
saves-kind-apology = Apology and making good
saves-kind-other = Something else
saves-all = All
saves-acts = Acts
saves-not-judged = Not counted
saves-still-open = { $count ->
    [one] one whose days are not over
   *[other] { $count } whose days are not over
}
saves-again = { $count ->
    [one] one soon after another for the same customer
   *[other] { $count } soon after another for the same customer
}
saves-how = Acts of the last { $days } days. Who buys within { $within } days after it, from the next day on, has come back. The share is of acts whose days are over, with its 95% range (Wilson).
saves-no-proof = There is no group for whom nothing was done, so the share does not prove that the act was the cause: some would have come back by themselves.
saves-done = Customer and act
saves-date = When
saves-outcome = What came of it
saves-older = Older ones
saves-back = { $days ->
    [one] came back after a day
   *[other] came back after { $days } days
}
saves-waiting = not yet; counted until { $day }
saves-not-back = did not come back
saves-done-by = Who did it
saves-note = Note
saves-note-hint = What they said, what was promised
saves-follow-up = Look again on
saves-follow-up-what = What to do then
saves-follow-up-hint = Without a day nothing is planned.
saves-follow-up-usual = See whether they came back
saves-saved = Noted: { $name }
saves-removed = Taken out of what was done.
saves-other-needs-note = Say in the note what was done.
event-save-added = Act to keep the customer noted
event-save-removed = Act to keep the customer taken out
event-save-restored = Act to keep the customer put back
