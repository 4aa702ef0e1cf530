# Customers by the month of their first purchase.
insight-tabs = Parts of insights
insight-tab-numbers = Numbers
insight-cohorts = Cohorts
insight-cohorts-about = The customers of each month, from their first purchase on: who came back, and when
insight-cohorts-bare = Once purchases are in, this page shows how many of each month's new customers came back.
insight-cohorts-sub = { $count ->
    [one] One customer
   *[other] { $count } customers
} who first bought from { $from } to { $to } · purchases until the end of { $until }
insight-cohorts-sentence = Of every 100 new customers, about { $hundredth } bought again within { $weeks } weeks of their first purchase (95% range: { $low } to { $high }).
insight-cohorts-months = { $count } months
insight-cohorts-how-many = How many months
insight-cohorts-matrix = How many came back?
insight-cohorts-matrix-about = Month 0 is the month of the first purchase
insight-cohorts-show = What cells show
insight-cohorts-shares = Shares
insight-cohorts-counts = Customers
insight-cohorts-caption = Each row holds the customers whose first purchase was in that month; each column says how many bought again so many months later
insight-cohorts-first = First purchase
insight-cohorts-from = From
insight-cohorts-until = Until
insight-cohorts-customers = Customers
insight-cohorts-month = Month { $number }
insight-cohorts-cell = { $active } of { $of }; 95% range: { $low } to { $high }
insight-cohorts-open = this month is not over
insight-cohorts-all = All together
insight-cohorts-note-open = … means that the month is not over. Half a month is not shown, because it would look like a fall.
insight-cohorts-note-older = * Recorded purchases begin in this month; some of these customers may have bought before.
insight-cohorts-note-few = † Fewer than { $count } customers: do not rely on the shares of this row.
insight-cohorts-note-waiting = { $count ->
    [one] One customer first bought this month and comes
   *[other] { $count } customers first bought this month and come
} into the table when it is over.
insight-cohorts-how-months = Months are those of your calendar. Each customer belongs to the month of their first purchase and stays there; archived customers count too, because leaving is part of the story.
insight-cohorts-how-known = Purchases are known until yesterday; where there was none for more than a month, until the day of the last one.
insight-cohorts-how-ranges = Point at a cell to see the count and the 95% range (Wilson). The row “all together” counts only cohorts for which that month is over.
insight-cohorts-how-curve = The curve is that of Kaplan and Meier: who has not come back yet counts for as long as they were watched. Ranges are Greenwood’s (log-log), and the curve ends where fewer than 30 customers are still watched.
insight-cohorts-repeat = How long until the second purchase?
insight-cohorts-repeat-about = { $returned } of { $customers } customers have bought again
insight-cohorts-axis = Weeks after the first purchase; share of those who came back, with the 95% range
insight-cohorts-by = By the end of
insight-cohorts-returned = Came back
insight-cohorts-range = 95% range
insight-cohorts-at-risk = Still watched
insight-cohorts-weeks = { $count } weeks
insight-cohorts-median = Half of the customers come back within { $days } days (95% range: { $low } to { $high } days).
insight-cohorts-median-open = Half of the customers come back within { $days } days; the upper end of the range is not known yet.
insight-cohorts-median-none = In this time, fewer than half of the customers have come back.
insight-short-buyers = There are { $have } customers with purchases; it takes { $need }.
insight-short-returners = { $have } customers bought on two days or more, with something new on the last; it takes { $need }.
insight-short-months = { $have ->
    [one] One whole month has
   *[other] { $have } whole months have
} passed since the first purchase; it takes { $need }.
insight-short-products = { $have ->
    [one] One product was
   *[other] { $have } products were
} sold; it takes { $need }.
insight-short-pairs = No two products were bought by enough of the same customers.
insight-short-until = That will be enough on { $day }.
parties-first-purchase-from = First bought on or after
parties-first-purchase-until = First bought on or before
parties-bought-from = Bought on or after
parties-bought-until = Bought on or before
