# The way of customers from stranger to advocate
menu-lifecycle = Customer lifecycle
room-lifecycle = Customer lifecycle
lifecycle = Customer lifecycle
lifecycle-about = Every step needs evidence: see where each customer stands, what is there and what is missing.
lifecycle-span = Span
lifecycle-days-30 = 30 days
lifecycle-days-90 = 90 days
lifecycle-days-365 = A year
lifecycle-none = Nobody is on the way yet
lifecycle-none-about = With the first customer, or once a file of purchases is in, everybody's place follows from the evidence and shows here.
lifecycle-stands = Customers at each stage
lifecycle-entered = came in
lifecycle-left = went out
lifecycle-flows = Moves between stages
lifecycle-moves = { $count ->
    [one] { $count } move
   *[other] { $count } moves
}
lifecycle-no-flows = Nobody moved in this span.
lifecycle-from = From
lifecycle-to = To
lifecycle-customers = Customers
lifecycle-share = Share
lifecycle-newcomer = Newcomer
lifecycle-gates = Gates
lifecycle-gates-title = Maturity gates
lifecycle-gates-only = Each passage on sufficient evidence only
lifecycle-gates-set = Set the gates
lifecycle-passage = Passage
lifecycle-asks = What it asks for
lifecycle-phase = Phase
lifecycle-phase-potential = Create
lifecycle-phase-actual = Continue
lifecycle-phase-loyal = Develop
lifecycle-ready = Waiting for you
lifecycle-passed = Passed
lifecycle-beside = Which list
lifecycle-near = Near the next step
lifecycle-leaving = About to leave
lifecycle-nobody-near = Nobody is near a gate yet.
lifecycle-nobody-leaving = No loyal customer or advocate is close to being silent for too long.
lifecycle-lapses = Dormant from { $day } unless they buy
lifecycle-all = See all
lifecycle-confirm = Confirm promotion
lifecycle-decline = Not yet
lifecycle-evidence = All evidence
lifecycle-before-g12 = What they lack to be loyal
lifecycle-before-g23 = What they lack to be advocates
lifecycle-maturity = { $percent }% ripe
lifecycle-stage-potential = Potential
lifecycle-stage-actual = Actual
lifecycle-stage-loyal = Loyal
lifecycle-stage-advocate = Advocate
lifecycle-standing-active = In good standing
lifecycle-standing-dormant = Dormant
lifecycle-standing-at-risk = At risk
lifecycle-standing-lost = Lost
lifecycle-standing-detractor = Detractor
lifecycle-standing-disqualified = Given up
lifecycle-standing-terminated = Ended
lifecycle-standing-archived = Archived
lifecycle-stand = { $stage } · { $standing }
lifecycle-asks-g01 = A first paid purchase; provisional for { $return-days } days
lifecycle-asks-g12 = Repeats: { $repeats }, of them without discount: { $plain-repeats }, satisfaction: { $csat-min } of 5, days: { $dwell-days }
lifecycle-asks-g23 = Confirmed introductions unasked: { $referrals }, days with us: { $tenure-days }, days as loyal: { $loyal-days }
lifecycle-met-purchase = Has a paid purchase
lifecycle-miss-purchase = A first paid purchase is needed
lifecycle-met-repeats = { $has ->
    [one] { $has } repeat purchase
   *[other] { $has } repeat purchases
}
lifecycle-miss-repeats = { $left ->
    [one] { $left } more repeat purchase needed
   *[other] { $left } more repeat purchases needed
}
lifecycle-met-plain-repeats = { $has ->
    [one] { $has } repeat without discount or gift
   *[other] { $has } repeats without discount or gift
}
lifecycle-miss-plain-repeats = { $left ->
    [one] { $left } more purchase without a discount needed
   *[other] { $left } more purchases without a discount needed
}
lifecycle-met-quiet = { $has } days without complaint
lifecycle-miss-quiet = A recent complaint: { $has } of { $needs } days without one
lifecycle-met-satisfied = Content: { $has }
lifecycle-miss-satisfied = Not content enough: { $has }, at least { $needs }
lifecycle-met-not-lapsed = { $has ->
    [one] { $has } day since the last purchase, within their rhythm
   *[other] { $has } days since the last purchase, within their rhythm
}
lifecycle-miss-not-lapsed = No purchase for { $has } days, more than the { $needs } of their rhythm
lifecycle-met-dwell = { $has ->
    [one] { $has } day since the first purchase
   *[other] { $has } days since the first purchase
}
lifecycle-miss-dwell = { $left ->
    [one] { $left } more day to go
   *[other] { $left } more days to go
}
lifecycle-met-kept = { $has }% of purchases given back
lifecycle-miss-kept = { $has }% of purchases given back, more than { $needs }%
lifecycle-met-no-incident = No open incident
lifecycle-miss-no-incident = Open incidents: { $has }
lifecycle-met-no-late-complaint = No late complaint
lifecycle-miss-no-late-complaint = Late complaints: { $has }
lifecycle-met-consent = Wants to hear from us
lifecycle-miss-consent = Has asked us not to write
lifecycle-met-referrals = { $has ->
    [one] { $has } confirmed introduction of their own accord
   *[other] { $has } confirmed introductions of their own accord
}
lifecycle-miss-referrals = { $left ->
    [one] { $left } confirmed introduction of their own accord needed
   *[other] { $left } confirmed introductions of their own accord needed
}
lifecycle-met-tenure = { $has ->
    [one] { $has } day with us
   *[other] { $has } days with us
}
lifecycle-miss-tenure = { $left ->
    [one] { $left } day left of { $needs } with us
   *[other] { $left } days left of { $needs } with us
}
lifecycle-met-loyal-time = { $has ->
    [one] { $has } day as a loyal customer
   *[other] { $has } days as a loyal customer
}
lifecycle-miss-loyal-time = { $left ->
    [one] { $left } day left of { $needs } as a loyal customer
   *[other] { $left } days left of { $needs } as a loyal customer
}
lifecycle-met-unasked = Has not complained; nobody asked yet
lifecycle-miss-until = { $what } (until { $day })
lifecycle-lists = Lists
lifecycle-list-stage = Whoever came here last stands first.
lifecycle-list-gate = Whoever is nearer to the gate stands first.
lifecycle-list-leaving = Whoever falls silent sooner stands first. There is still time to reach them.
lifecycle-leaving-loyal = Loyal ones falling silent
lifecycle-leaving-advocate = Advocates falling silent
lifecycle-leaving-of = Falling silent: { $stage }
lifecycle-list-none = Nobody is in this list
lifecycle-list-none-about = They appear here by themselves once there is evidence.
lifecycle-stand-column = Stands
lifecycle-missing = What is missing
lifecycle-lapses-column = Dormant from
lifecycle-waits-for-you = Only your word is missing
lifecycle-more = More
lifecycle-since = Since { $day }
lifecycle-until = until { $day }
lifecycle-gates-about = Thresholds can be changed within clear bounds. Each change is a new version and holds from its day on.
lifecycle-gate-g01 = From potential to actual
lifecycle-gate-g12 = From actual to loyal
lifecycle-gate-g23 = From loyal to advocate
lifecycle-gate-leaving = Silence and leaving
lifecycle-gate-g01-about = The first purchase that was paid for and not given back.
lifecycle-gate-g12-about = Buying again, at least once without a discount, contentment, and time. An open incident or a late complaint closes the way.
lifecycle-gate-g23-about = Has introduced us to somebody unasked and still buys. The system proposes, you confirm.
lifecycle-gate-leaving-about = Each customer has a rhythm of their own; silence of several usual gaps counts as leaving.
lifecycle-threshold-return-days = Time to give the first purchase back
lifecycle-threshold-repeats = Repeat purchases
lifecycle-threshold-plain-repeats = Repeats without discount or gift
lifecycle-threshold-exposure-days = How long a gift or discount counts as the reason
lifecycle-threshold-csat-min = Least satisfaction
lifecycle-threshold-nps-min = Least likelihood to recommend
lifecycle-threshold-quiet-days = Without complaint, where nobody asked
lifecycle-threshold-dwell-days = Time since the first purchase
lifecycle-threshold-refunded-percent = Most that was given back
lifecycle-threshold-referrals = Confirmed introductions unasked
lifecycle-threshold-tenure-days = Time with us
lifecycle-threshold-loyal-days = Time as loyal
lifecycle-threshold-recent-gaps = Last purchase within usual gaps
lifecycle-threshold-needs-person = A person confirms
lifecycle-threshold-gaps = Silence of usual gaps
lifecycle-threshold-gap-days = Usual gap until their own is known
lifecycle-threshold-least-days = Least silence
lifecycle-threshold-give-up-days = Give up a potential one without contact
lifecycle-unit-days = days
lifecycle-unit-percent = %
lifecycle-unit-of-five = of 5
lifecycle-unit-of-ten = of 10
lifecycle-unit-gaps = times the gap
lifecycle-unit-times = times
lifecycle-threshold-bounds = { $min } to { $max }; usually { $usual }
lifecycle-person-about = Nobody passes this gate without a person's word.
lifecycle-change = Change
lifecycle-gate-change = Change the gate: { $gate }
lifecycle-change-about = See whom it moves before you save. Passages of the past stay.
lifecycle-note = Note
lifecycle-preview = If it were so
lifecycle-preview-button = Whom does it move?
lifecycle-preview-all = The ways of all { $customers } customers were walked again.
lifecycle-preview-part = The ways of { $looked } of { $customers } customers were walked; the numbers are estimates for all.
lifecycle-preview-count = { $count ->
    [one] { $count } customer
   *[other] { $count } customers
}
lifecycle-preview-about-count = { $count ->
    [one] about { $count } customer
   *[other] about { $count } customers
}
lifecycle-preview-none = Nobody would stand otherwise.
lifecycle-preview-ready = Waiting for a person: { $now } now, { $then } then
lifecycle-change-button = Save as a new version
lifecycle-gate-changed = The gate is changed from today on
lifecycle-versions = Versions
lifecycle-version = Version { $number }
lifecycle-version-change = { $what }: from { $before } to { $after }
lifecycle-from-day = from { $day }
lifecycle-from-start = from the beginning
gates-not-of-this-gate = This threshold is not of this gate. Take its name from the list of gates.
gates-out-of-bounds = Enter a number from { $min } to { $max }.
gates-more-plain-than-all = Repeats without discount cannot be more than all repeats.
gates-note-needed = Say why you change it; it stays with the version.
gates-nothing-changes = Nothing has changed.
lifecycle-way = The customer's way
lifecycle-steps = Steps and evidence
lifecycle-ahead = Ahead
lifecycle-next = Next step:
lifecycle-nothing-ahead = No step lies ahead.
lifecycle-tool-crm = Relationship (CRM)
lifecycle-tool-cem = Experience (CEM)
lifecycle-tool-cam = Advocacy (CAM)
lifecycle-provisional = Provisional until { $day }: the first purchase may still be given back.
lifecycle-lapses-on = Counts as dormant from { $day } unless they buy.
lifecycle-quiet-on = Shown as quiet from { $day } unless they buy; the stage stays.
lifecycle-kind-enter = Became known to us
lifecycle-kind-promote = Passed the gate
lifecycle-kind-attrite = Fell silent
lifecycle-kind-break = The relation broke
lifecycle-kind-recover = Came back
lifecycle-kind-end = Ended
lifecycle-kind-void = Put right
lifecycle-proof-purchase = Purchase of { $day }
lifecycle-proof-answer = Answer of { $day }
lifecycle-proof-referral = Introduction confirmed on { $day }
lifecycle-proof-incident = Incident of { $day }
lifecycle-proof-decision = Decision of { $day }
lifecycle-decided-by = confirmed by { $name }
lifecycle-put-rights = Corrections
lifecycle-put-right = “{ $stand }” of { $day } was not so; put right on { $at }.
lifecycle-decide = Decide
lifecycle-resume = Resume the relation
lifecycle-disqualify = Give up
lifecycle-end = End the relation
lifecycle-end-about = Part with dignity: the reason stays, the data are kept until the day you say, and nothing is sent.
lifecycle-end-reason = Reason
lifecycle-end-choose = Choose one
lifecycle-end-back = When may we ask whether they come back?
lifecycle-end-until = Keep the data until (two years unless said)
lifecycle-end-their-wish = Their wish
lifecycle-end-moved = Moved or closed
lifecycle-end-elsewhere = Buys elsewhere
lifecycle-end-died = Has died
lifecycle-end-unprofitable = Costs more than it brings
lifecycle-end-abuse = Abuse or breach of law
lifecycle-end-other = Another reason
lifecycle-hostile = Speaks against us
lifecycle-hostile-what = What did they say or write?
lifecycle-decided = Saved: { $stand }
lifecycle-ask-back = Ask whether they come back
lifecycle-nothing-proposed = Nothing waits for a decision about this customer. Reload the page.
lifecycle-has-ended = This relation has ended before.
lifecycle-is-detractor = Is a detractor already.
lifecycle-goes-on = This relation goes on; there is nothing to resume.
lifecycle-has-bought = Only a potential customer can be given up; for others there is “End the relation”.
lifecycle-day-to-come = Enter a day to come.
lifecycle-say-what = Say what happened; it stays as evidence.
event-gate-changed = A lifecycle gate was changed
event-lifecycle-decided = A decision about the customer's way was made
event-lifecycle-taken-back = A decision about the customer's way was taken back
event-lifecycle-replay-asked = The ways of all customers were asked to be walked again
event-stage-promoted = The customer reached the next stage
event-stage-changed = The customer's place on the way changed
event-stage-put-right = The customer's place on the way was put right

lifecycle-picture-from = From · { $day }
lifecycle-picture-to = To · { $day }
lifecycle-picture = Moves between stages; the same figures are in the table below
lifecycle-flows-table = The same as a table
lifecycle-band = From { $from } to { $to }: { $count }
lifecycle-node = { $stand } { $count }
lifecycle-stages = Each stage: tool, stay and cost
lifecycle-stage = Stage
lifecycle-tool = Tool
lifecycle-tool-about-crm = creates the relation
lifecycle-tool-about-cem = continues the relation
lifecycle-tool-about-cam = develops the relation
lifecycle-tool-short-crm = CRM
lifecycle-tool-short-cem = CEM
lifecycle-tool-short-cam = CAM
lifecycle-stay = Median stay
lifecycle-stay-days = { $days ->
    [one] 1 day
   *[other] { $days } days
}
lifecycle-stay-more = more than { $days } days
lifecycle-stay-range = { $low } to { $high } days (95 % interval), { $count } stays
lifecycle-stay-from = at least { $low } days (95 % interval), { $count } stays
lifecycle-stay-most = more than half are still in this stage; { $count } stays
lifecycle-stay-few = Not enough data: { $count } stays of 30
lifecycle-stay-night = Worked out tonight
lifecycle-stay-as-of = Stays until { $day }.
lifecycle-stay-how = Kaplan–Meier median: those still in the stage count as well. Being dormant does not change the stage; who leaves and comes back stays twice.
lifecycle-keep-cost = Keeping one, 12 months
lifecycle-win-each = Winning one new customer, in the months whose cost was noted: { $amount }.
lifecycle-stay-same-day = the same day
lifecycle-stay-of = most bought on the day we came to know them; { $count } stays
