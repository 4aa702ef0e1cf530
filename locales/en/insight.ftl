# What the numbers of customers say: the page, and the box on a customer's page.
insight-about = What customers are worth, how loyal they are and who may leave, from what they bought
insight-customers = { $count ->
    [one] One customer with purchases
   *[other] { $count } customers with purchases
}
insight-window = { $from } to { $until }
insight-refreshed = refreshed { $when }
insight-refresh = Work out again
insight-asked = Working on it. If purchases have changed, the new numbers are here in a few minutes.
insight-waiting = The numbers are on their way
insight-waiting-about = Peyvand is reading the purchases. This page fills in by itself.
insight-bare = No purchases yet
insight-bare-about = Once purchases are in, this page shows who is worth most and who is about to leave.
insight-figures = Numbers of all customers
insight-active = Still active
insight-of-customers = of { $count } customers
insight-expected = as the model expects
insight-range = { $low } to { $high }, 95% sure
insight-between = { $low } to { $high }
insight-soon = Purchases in the next 90 days
insight-visits = purchase days
insight-worth = Worth in the next 12 months
insight-worth-about = Expected sales, each month counts 1% less
insight-best = Recent, frequent and valuable
insight-best-about = Score 4 or 5 in all three
insight-rfm = RFM grid
insight-rfm-about = Click a cell to see its customers
insight-rfm-caption = Number of customers; columns are recency, rows the mean of frequency and value
insight-recency = Recency { $band }
insight-frequency-value = Freq. and value { $band }
insight-cell = { $count ->
    [one] One customer
   *[other] { $count } customers
} with recency { $recency }, frequency and value { $value }
insight-cell-5-5 = Champions
insight-cell-4-4 = Could be loyal
insight-cell-3-3 = Need attention
insight-cell-5-1 = New
insight-cell-1-5 = Must not lose
insight-cell-1-1 = Asleep
insight-nobody = None of your customers has scores yet.
insight-activity = Probability of being active
insight-active-of = About { $active } of { $customers } customers are still active
insight-activity-caption = Number of customers by their probability of being active
insight-share = Share
insight-band = { $from } to { $until }
insight-slipping = Slipping away
insight-slipping-about = They came often and spent much, but have probably gone
insight-not-yet = Not enough data yet
insight-lack-customers = There are { $have } customers with purchases; it takes { $need }.
insight-lack-repeaters = { $have } customers bought again; it takes { $need }.
insight-lack-amounts = { $have } customers bought again and paid; it takes { $need }.
insight-lack-history = There are { $have } days of history; it takes { $need }.
insight-lack-recent = The last purchase was { $have } days ago; somebody has to have bought within { $need } days.
insight-lack-occasions = The most frequent customer has { $have } purchase days; it takes { $need }.
insight-enough = If things go on like this, it will be enough on { $day }.
insight-no-optimum = Rather than a wrong number we show none. It happens, for instance, when nothing in the purchases tells of customers who left.
insight-unfit = The model does not fit these purchases
insight-unfit-rhythm = The rhythm of purchases says who is late, without this model
insight-how = How was this computed?
insight-how-amounts = How was the worth computed?
insight-how-rfm = Recency is the days since the last purchase, frequency the number of days with a purchase, value all purchases less what was given back. Cut-points divide customers into five groups, as equal as they can be; equal customers have equal scores.
insight-how-activity = The MBG/NBD model reads from the gaps between purchases whether a customer is still there or has left, and how many days with a purchase are to come.
insight-how-spending = The Gamma-Gamma model estimates the amount of the next purchase: the customer’s own mean, drawn towards the mean of all the more, the fewer purchases there are. Worth is the expected sales of 12 months; each month later counts 1% less, and no costs are taken off.
insight-how-range = Ranges show how unsure the model itself is; the chance in one customer’s life is not in them.
insight-cuts-recency = Cut-points of recency: { $cuts } days
insight-cuts-frequency = Cut-points of frequency: { $cuts } purchase days
insight-cuts-value = Cut-points of value: { $cuts } { $unit }
insight-parameters = Parameters (weeks, smallest unit of money): { $parameters }
insight-learned = { $count ->
    [one] Learned from one customer.
   *[other] Learned from { $count } customers.
}
insight-past = For this very past it expected { $expected } repeat purchases; { $repeats } happened.
insight-starts = From { $starts } starting points it came to the same answer { $agreed } times.
insight-independent = Amount and number of purchases correlate by { $correlation }; the model takes them for independent, and this much is acceptable.
insight-dependent = Amount and number of purchases correlate by { $correlation }; the model takes them for independent, so read the worth with care.
insight-scores = Scores
insight-scores-rfm = Recency, frequency, value
insight-scores-from = From data of { $day }, { $count } customers
insight-whole-shop = The whole shop
insight-shared = Concentration of sales
insight-shared-mark = { $part } of customers, { $share } of sales
insight-shared-sentence = { $count ->
    [one] One customer ({ $part }) makes 80% of the sales.
   *[other] { $count } customers ({ $part }) make 80% of the sales.
} The Gini coefficient is { $gini }: 0 when all bought for the same, 1 when one bought all.
insight-class = Class
insight-of-all = Of customers
insight-of-sales = Of sales
insight-as-table = The chart as a table
insight-how-concentration = Customers are ordered by all they bought less what they gave back. Class A makes 80% of the sales, B comes up to 95%, C is the rest. This is not profit: what it costs to serve them is not taken off.
insight-without = { $count ->
    [one] Of one customer’s purchases nothing remained after refunds.
   *[other] Of { $count } customers’ purchases nothing remained after refunds.
}
insight-lack-past = Up to 90 days before the last purchase there are { $have } days of history; it takes { $need }.
insight-trial = Promise and truth
insight-trial-about = The same model, tried on the last 90 days of purchases
insight-trial-with-range = { $value } ({ $range })
insight-trial-sentence = { $customers ->
    [one] Told only what was known on { $known }, the model expected { $expected } purchase days of one customer until { $until }; { $came } came.
   *[other] Told only what was known on { $known }, the model expected { $expected } purchase days of { $customers } customers until { $until }; { $came } came.
}
insight-trial-less = It said { $share } too few.
insight-trial-more = It said { $share } too many.
insight-trial-even = It was right.
insight-trial-pace = Had everybody gone on at their own pace, { $pace } would have come.
insight-trial-met = In { $met } of { $groups } groups what it expected lies within what chance leaves.
insight-trial-group = Group
insight-trial-expected = Expected
insight-trial-came = Came
insight-trial-range = Range of chance
insight-trial-note = All groups have equally many customers; in group 1 are those of whom most was expected.
insight-trial-outside = † What was expected lies outside the range of chance.
insight-how-trial = The MBG/NBD model is fitted once more, to the purchases until 90 days before the last one only, and asked how many days with a purchase the customers known by then will have in these 90 days. Ranges of what came are 95% ranges of Student’s t from how much customers differ; the range of what was expected shows how unsure the model is.
