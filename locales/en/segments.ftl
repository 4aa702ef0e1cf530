# The sentence of a rule. $not is yes where it is denied.
segments-sentence = Customers { $what }.
segments-sentence-all = All customers.
segments-sentence-none = No customer.
segments-and = { " " }and{ " " }
segments-or = { " " }or{ " " }

segments-its-kind = kind
segments-its-role = relation to us
segments-its-gender = gender
segments-its-stance = stance
segments-its-city = city
segments-its-province = province
segments-its-source = source
segments-its-owner = owner
segments-its-unit = unit
segments-its-created = day of being added
segments-its-birth = day of birth
segments-its-age = age
segments-its-first-purchase = first purchase
segments-its-last-purchase = last purchase
segments-its-purchases = number of purchases
segments-its-spent = total spent
segments-its-last-contact = last contact
segments-its-next-follow-up = next follow-up
segments-its-silent-since = day of going quiet
segments-its-recency = recency score
segments-its-frequency = frequency score
segments-its-value = value score
segments-its-frequency-value = frequency and value score
segments-its-active = probability of being active
segments-its-expected-purchases = number of purchases expected in 90 days
segments-its-expected-value = value expected in 12 months
segments-its-tier = tier of profit
segments-its-profit = profit of the year
segments-its-preference = preferences
segments-its-taste = tastes
segments-its-expectation = expectations
segments-its-need = needs
segments-its-trait = traits

segments-one-of = { $not ->
    [yes] whose { $field } is not { $values }
   *[no] whose { $field } is { $values }
}
segments-known = { $not ->
    [yes] whose { $field } is not known
   *[no] whose { $field } is known
}
segments-known-owner = { $not ->
    [yes] whom nobody looks after
   *[no] whom somebody looks after
}
segments-known-purchase = { $not ->
    [yes] who have never bought
   *[no] who have bought
}
segments-known-contact = { $not ->
    [yes] with whom we never had contact
   *[no] with whom we have had contact
}
segments-known-next = { $not ->
    [yes] for whom nothing is planned
   *[no] for whom something is planned
}
segments-number = { $not ->
    [yes] whose { $field } is not { $range }
   *[no] whose { $field } is { $range }
}
segments-days = { $not ->
    [yes] whose { $field } is not { $when }
   *[no] whose { $field } is { $when }
}
segments-silent = { $not ->
    [yes] who have not gone quiet
   *[no] who have gone quiet
}
segments-tag = { $not ->
    [yes] who do not have the tag “{ $tag }”
   *[no] who have the tag “{ $tag }”
}
segments-preference = { $not ->
    [yes] whose { $kind } do not include “{ $text }”
   *[no] whose { $kind } include “{ $text }”
}
segments-preference-any = { $not ->
    [yes] whose { $kind } are not known
   *[no] whose { $kind } are known
}
segments-did-purchase = { $not ->
    [yes] who have not bought { $goods } { $times } { $when }
   *[no] who have bought { $goods } { $times } { $when }
}
segments-did-interaction = { $not ->
    [yes] who have not had contact with us { $how } { $times } { $when }
   *[no] who have had contact with us { $how } { $times } { $when }
}
segments-did-follow-up = { $not ->
    [yes] who have had no follow-up done { $times } { $when }
   *[no] who have had a follow-up done { $times } { $when }
}
segments-in = { $not ->
    [yes] who are not in the segment “{ $name }”
   *[no] who are in the segment “{ $name }”
}

segments-goods-product = “{ $name }”
segments-goods-category = from the category “{ $name }”
segments-how-channel = by { $channel }
segments-how-inbound = at their own wish
segments-how-outbound = at our wish
segments-how-reason = about “{ $reason }”
segments-least = at least { $least }
segments-most = at most { $most }
segments-between = between { $least } and { $most }
segments-times-least = { $least ->
    [1] at least once
   *[other] at least { $least } times
}
segments-times-most = { $most ->
    [1] at most once
   *[other] at most { $most } times
}
segments-times-between = { $least } to { $most } times
segments-when-last = { $days ->
    [1] today
   *[other] in the last { $days } days
}
segments-when-next = { $days ->
    [1] today
   *[other] in the next { $days } days
}
segments-when-earlier = { $days ->
    [0] up to today
    [1] a day ago or earlier
   *[other] { $days } days ago or earlier
}
segments-when-from = since { $from }
segments-when-until = up to { $until }
segments-when-between = between { $from } and { $until }
segments-gone = a segment that is gone
segments-nobody = somebody who is gone

# Problems.
segments-condition-unknown = A condition is needed here: all, any, not, field, tag, preference, did or in.
segments-group-needed = A list of conditions is needed here.
segments-group-empty = This group has no condition. Add one or take the group away.
segments-not-read = This condition could not be read: { $detail }
segments-too-deep = Groups stand within groups up to { $max } deep. Make the rule simpler.
segments-too-many = A rule takes no more than { $max } conditions. Make a part of it a segment of its own.
segments-values = Give from 1 to { $max } values.
segments-bound-needed = Give at least one of the two bounds.
segments-bounds-crossed = The range ends before it begins. Exchange its bounds.
segments-test-wrong = This cannot be asked of this field.
segments-detail-wrong = Product and category belong to a purchase; way, direction and reason to a contact.
segments-circle = This segment would contain itself in the end: { $chain }. Take one of these out of the rule.
segments-part-unknown = There is no such segment.
segments-used = The segment “{ $name }” uses this one. Change that one first.
segments-changed-meanwhile = Somebody else has just changed this segment. Reload the page.
segments-pick-unknown = One of these customers was not found.
event-segment-archived = Segment archived
event-segment-changed = Segment changed
event-segment-created = Segment made
event-segment-picked = Members of a segment picked by hand
room-marketing = Marketing
event-segment-restored = Segment brought back

# Pages.
segments-about = A segment is a group of customers by a rule of yours; Peyvand keeps it up to date by itself.
segments-new = New segment
segments-edit = Edit segment
segments-empty = No segments yet
segments-empty-about = Write a rule, such as “in Tehran and have not bought for 90 days”, and Peyvand keeps these customers at hand.
segments-shared = For everybody
segments-size = { $count ->
    [1] 1 customer
   *[other] { $count } customers
}
segments-not-built = Being built
segments-not-built-about = The members of this segment are being found. Reload the page in a few seconds.
segments-nobody-in = Nobody is in this segment now.
segments-first = From the start
segments-of = By { $name }
segments-members = Members
segments-in-list = In the list of customers
segments-build-now = Update now
segments-is-built = The segment is being updated
segments-delete = Archive segment
segments-deleted = Segment archived
segments-saved = Segment saved
segments-since = Member since
segments-by-hand = By hand
segments-now = This segment now
segments-unit-customers = { $count ->
    [1] customer
   *[other] customers
}
segments-built = Updated { $when }
segments-history = Size over time
segments-history-about = Size of the segment, from { $least } to { $most } customers
segments-day-by-day = Day by day
segments-day = Day
segments-size-head = Size
segments-entered = Entered
segments-departed = Left
segments-name = Name of the segment
segments-share = Colleagues see this segment too
segments-share-about = In it everybody sees only the customers they may see.
segments-conditions = Conditions
segments-joint = How the conditions hold together
segments-joint-all = All of them hold
segments-joint-any = One is enough
segments-joint-none = None of them holds
segments-no-condition = No condition yet: this segment is all customers.
segments-remove-group = Take the group away
segments-remove-condition = Take condition { $name } away
segments-new-condition = New condition
segments-add-condition = Add condition
segments-add-group = Add group
segments-count-now = Count
segments-means-now = This rule now
segments-of-customers = of { $count } customers
segments-sample = Sample
segments-counts-later = Counting this rule takes more than two seconds. Save the segment; its size shows once it is built.
segments-left-out = These filters cannot be conditions and were left out:
segments-list-comma = ,{ " " }
segments-incomplete = Complete this condition or take it away.
segments-op = Question
segments-op-and = and
segments-op-or = or
segments-op-is = is one of
segments-op-not = is none of
segments-op-known = is known
segments-op-unknown = is not known
segments-op-at-least = at least
segments-op-at-most = at most
segments-op-between = between
segments-op-last = in the last days
segments-op-next = in the next days
segments-op-earlier = so many days ago or earlier
segments-op-days = between two dates
segments-op-yes = yes
segments-op-no = no
segments-op-has = they have
segments-op-has-not = they do not have
segments-op-in = in this segment
segments-op-not-in = not in this segment
segments-times-op-once = at least once
segments-times-op-at-least = at least so often
segments-times-op-at-most = at most so often
segments-times-op-between = between two numbers
segments-times-op-never = never
segments-how-many-days = how many days
segments-unit-days = days
segments-unit-years = years
segments-unit-percent = per cent
segments-unit-of-four = of 4
segments-unit-of-five = of 5
segments-unit-purchases = purchases
segments-unit-times = times
segments-from = from day
segments-to = to
segments-until = until day
segments-values-label = values
segments-least-label = least
segments-most-label = most
segments-what-label = what
segments-choose = Choose
segments-which = which
segments-how-often = how often
segments-of-one-product = one product
segments-of-category = of category
segments-category = category
segments-channel = way
segments-any-channel = By any way
segments-direction = at whose wish
segments-any-direction = At anybody’s wish
segments-reason = reason
segments-any-reason = For any reason
segments-when = when
segments-ever = ever
segments-group-who = Who they are
segments-group-bought = Purchases
segments-group-contact = Contact and follow-up
segments-group-figures = Scores and forecasts
segments-group-known = What is known, and segments
segments-if-kind = Kind
segments-if-role = Relation to us
segments-if-gender = Gender
segments-if-stance = Stance
segments-if-city = City
segments-if-province = Province
segments-if-source = Source
segments-if-owner = Owner
segments-if-unit = Unit
segments-if-created = Added
segments-if-birth = Day of birth
segments-if-age = Age
segments-if-first-purchase = First purchase
segments-if-last-purchase = Last purchase
segments-if-purchases = Number of purchases
segments-if-spent = Total spent
segments-if-last-contact = Last contact
segments-if-next-follow-up = Next follow-up
segments-if-silent = Gone quiet
segments-if-silent-since = Day of going quiet
segments-if-recency = Recency score
segments-if-frequency = Frequency score
segments-if-value = Value score
segments-if-frequency-value = Frequency and value score
segments-if-active = Probability of being active
segments-if-expected-purchases = Purchases expected in 90 days
segments-if-expected-value = Value expected in 12 months
segments-if-tier = Tier of profit
segments-if-profit = Profit of the year
segments-if-tag = Tag
segments-if-preference = Preference
segments-if-taste = Taste
segments-if-expectation = Expectation
segments-if-need = Need
segments-if-trait = Trait
segments-if-purchase = Bought
segments-if-interaction = Had contact with us
segments-if-follow-up-done = A follow-up was done
segments-if-in = Segment

# People of a segment.
segments-by-hand-head = Picked by hand
segments-pick = Customer
segments-pick-in = Add to segment
segments-pick-out = Leave out
segments-pick-rule = Let the rule decide
segments-pick-about = Any customer can be added to this segment, or left out of it, whatever its rule says.
segments-pick-whom = It is not clear which customer is meant. Type the name and choose from the list.
segments-picked-in = Added to the segment
segments-picked-out = Left out of the segment
segments-picked-rule = From now on the rule decides
segments-is-in = Added
segments-is-out = Left out
segments-picks-more = These are the newest { $count } customers; others were picked by hand too.
segments-overlap = Overlap with other segments
segments-overlap-show = Show overlap
segments-overlap-none = No customer of this segment is in another one.
segments-overlap-later = Counting this segment takes more than three seconds. Open it again in a while.
segments-moves = Who entered and who left
segments-moves-entered = Entered
segments-moves-left = Left
segments-moves-from = From day
segments-moves-until = Until day
segments-moves-show = Show
segments-moves-no-entered = Nobody entered this segment on these days.
segments-moves-no-left = Nobody left this segment on these days.
segments-moves-entered-at = Entered
segments-moves-left-at = Left
segments-moves-about = Whoever came and went between the two days, or went and came back, is not listed.
bulk-segment = Add to segment
bulk-segment-title = Add the selected to a segment
bulk-picked = { $count ->
    [1] Noted for 1 customer
   *[other] Noted for { $count } customers
}

# More of what a rule asks for.
segments-its-education = education
segments-its-job = job
segments-its-income = income
segments-its-birth-month = month of birth
segments-its-birthday = birthday
segments-its-preferred-channel = preferred channel
segments-its-expected-amount = amount expected of a purchase
segments-its-stage = stage
segments-its-standing = standing in it
segments-its-habit = rhythm of buying
segments-its-usual-gap = usual gap between purchases
segments-its-season = season of buying
segments-its-minutes = time spent on them in a year
segments-known-phone = { $not ->
    [yes] who have no telephone number
   *[no] who have a telephone number
}
segments-known-email = { $not ->
    [yes] who have no e-mail address
   *[no] who have an e-mail address
}
segments-so-many-days = { $days ->
    [1] 1 day
   *[other] { $days } days
}
segments-so-many-minutes = { $minutes ->
    [1] 1 minute
   *[other] { $minutes } minutes
}
segments-how-origin = led to by “{ $origin }”
segments-how-result = with the result “{ $result }”
segments-season-1 = spring
segments-season-2 = summer
segments-season-3 = autumn
segments-season-4 = winter
segments-if-education = Education
segments-if-job = Job
segments-if-income = Income
segments-if-birth-month = Month of birth
segments-if-birthday = Birthday
segments-if-preferred-channel = Preferred channel
segments-if-phone = Telephone number
segments-if-email = E-mail address
segments-if-expected-amount = Amount expected of a purchase
segments-if-stage = Stage on the way
segments-if-standing = Standing in the stage
segments-if-habit = Rhythm of buying
segments-if-usual-gap = Usual gap between purchases
segments-if-season = Season of buying
segments-if-minutes = Time spent in a year
segments-op-there = they have one
segments-op-missing = they have none
segments-unit-minutes = minutes
segments-origin = led to by
segments-any-origin = Led to by anything
segments-result = result
segments-any-result = With any result
segments-find-condition = Type a condition: city, last purchase…
segments-no-such-condition = There is no such condition. Choose its name from the list.
