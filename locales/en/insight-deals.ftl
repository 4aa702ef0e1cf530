# Opportunities that ended, and competitors.
insight-conversion = Conversion
insight-conversion-about = How many opportunities that ended were won, and why the others were not.
insight-conversion-sub = { $count ->
    [one] { $count } opportunity that ended
   *[other] { $count } opportunities that ended
}, { $window }
insight-conversion-sentence = Of { $ended } opportunities that ended { $won } were won: { $share } (range { $low } to { $high }).
insight-conversion-bare = Nothing closed yet
insight-conversion-bare-about = Close opportunities with how they ended, and you see here in which month, in whose hands and from which source you sell most.
insight-conversion-by-month = Month by month
insight-conversion-by-owner = By owner
insight-conversion-by-source = By how customers came
insight-conversion-by-reason = Why others were lost
insight-conversion-by-first = From being written down to the first purchase
insight-conversion-month = Month of closing
insight-conversion-owner = Owner
insight-conversion-source = How they came
insight-conversion-reason = Reason
insight-conversion-first = Month of being written down
insight-conversion-first-in-time = Bought by the end of the second month after
insight-conversion-first-since = Bought until today
insight-conversion-rate = Conversion
insight-conversion-of-lost = Share of lost ones
insight-conversion-told = { $won } of { $of }
insight-conversion-won-amount = Sold ({ $unit })
insight-conversion-lost-amount = Lost ({ $unit })
insight-conversion-note-open = * Not over yet.
insight-conversion-note-few = † Fewer than { $count } opportunities: the range is wide, do not rest on the number alone.
insight-conversion-note-none = – Fewer than { $count } opportunities: too few for a rate.
insight-conversion-how-rate = Conversion: won divided by won and lost. The 95 per cent range is Wilson's. Open opportunities are not in it.
insight-conversion-how-window = An opportunity counts in the month in which it was closed, in your calendar; this month until today.
insight-conversion-how-who = It belongs to who looks after it now; how the customer came is from their page.
insight-conversion-how-reason = The reason is asked for at closing; the share of each is of all that were lost in the same time. Amounts are those written down, so opportunities without one are not in them.
insight-conversion-how-first = “From being written down to the first purchase” counts those who were written down before they had bought, and who of them bought by the end of the second month after; a month whose time is not over has no rate. Counted { $when }.
insight-conversion-how-few = No rate is shown before { $all } opportunities are closed; each row needs { $row }.
insight-conversion-column-by = By
insight-conversion-column-what = What
insight-conversion-column-won = Won
insight-conversion-column-lost = Lost
insight-conversion-column-share = Rate or share
insight-conversion-column-low = Range from
insight-conversion-column-high = Range to
insight-conversion-column-won-amount = Amount sold
insight-conversion-column-lost-amount = Amount lost
insight-short-ended = { $have ->
    [one] { $have } opportunity was closed
   *[other] { $have } opportunities were closed
}; it takes { $need }.
insight-short-named = { $have ->
    [one] { $have } closed opportunity names
   *[other] { $have } closed opportunities name
} a competitor; it takes { $need }.
insight-competitors = Competitors
insight-competitors-about = Who else sells what you sell, how often you win against them, and what they offer.
insight-competitors-sub = A competitor is known in { $named } of { $ended } opportunities that ended, { $window }
insight-competitors-unnamed = To compare with: in { $of } opportunities without a known competitor, conversion is { $share } (range { $low } to { $high }).
insight-competitors-bare = No competitor written down yet
insight-competitors-bare-about = Customers tell what others offer. When you close an opportunity, note the competitor and their offer.
insight-competitors-we-win = We win
insight-competitors-open = { $count } open
insight-competitors-lost = Lost ({ $unit })
insight-competitors-priced = amount of { $priced } of { $lost } lost
insight-competitors-offers = Latest offers
insight-competitors-how-rate = “We win”: of the closed opportunities that this competitor was in, the share that we won, with Wilson's 95 per cent range.
insight-competitors-how-lost = “Lost”: the amounts of the lost opportunities that this competitor was in. They need not have won them; the list has the reason of each.
insight-competitors-how-offers = The last three offers of each, as customers told them and your colleagues wrote them down.
insight-competitors-how-named = No rate is shown before 10 closed opportunities name a competitor; each competitor needs 5. Customers of open opportunities are counted too.
insight-competitors-column-name = Competitor
insight-competitors-column-customers = Customers
insight-competitors-column-open = Open
insight-competitors-column-won = Won
insight-competitors-column-lost = Lost
insight-competitors-column-share = Conversion
insight-competitors-column-low = Range from
insight-competitors-column-high = Range to
insight-competitors-column-won-amount = Amount sold
insight-competitors-column-lost-amount = Amount lost
insight-competitors-column-offers = Latest offers
