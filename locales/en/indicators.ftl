# Indicators of experience and advocacy.
indicators = Indicators
indicators-sub = { $count ->
    [one] 1 customer who was loyal on the first day
   *[other] { $count } customers who were loyal on the first day
  } · { $from } to { $until } · counted { $when }.
indicators-anew = Count anew
indicators-views = What is shown
indicators-view-effects = What works
indicators-view-repeats = How often
indicators-view-amounts = How much
indicators-view-kinds = What
indicators-periods = Which days
indicators-period = { $days ->
    [1095] Three years
    [365] A year
   *[other] { $days } days
  }
indicators-empty = Nobody was loyal on that day
indicators-empty-about = These numbers are about customers who were loyal on the first day. Choose a shorter time, or see who is about to become loyal.
indicators-few = Not enough data: it takes { $count } loyal customers
indicators-few-advocates = Not enough data: it takes { $count } advocates
indicators-nobody = Nobody
indicators-customers = Customers
indicators-repeats = Repeat purchases
indicators-amount = Amount
indicators-count = Count
indicators-purchases = purchases
indicators-share = Came back
indicators-per-year = Repeat purchases in a year
indicators-next = Half come again after
indicators-median-open = The range is open: many have not come again yet
indicators-total = Spent all together
indicators-total-minor = Spent all together, in minor units
indicators-per-customer = For each customer
indicators-per-repeat = For each repeat purchase
indicators-before = in as many days before: { $amount }
indicators-resampled = range by resampling, for amounts differ much
indicators-same = With something they had bought before
indicators-breadth = Categories of one customer
indicators-entropy = Spread over categories
indicators-entropy-about = 0 when all goes to one
indicators-habits = Habits
indicators-weekdays = Days of the week
indicators-months = Months
indicators-hours = Hours of the day
indicators-parts = What moved the sum
indicators-parts-about = Against as many days before; the parts add up to the change
indicators-part-customers = More or fewer loyal customers
indicators-part-share = More or fewer of them came
indicators-part-times = They came more or less often
indicators-part-amount = They spent more or less each time
indicators-no-parts = What moved the sum cannot be told: in one of both times there were too few, or nobody came.
indicators-kinds = What they buy when they come back
indicators-kinds-about = Share of the purchases with it; below, share of the money
indicators-category = Category
indicators-no-category = Without a category
indicators-other-categories = { $count ->
    [one] and one more category
   *[other] and { $count } more categories
  }
indicators-place-1 = First
indicators-place-2 = Second
indicators-place-3 = Third
indicators-place-4 = Fourth
indicators-place-5 = Fifth and on
indicators-moves = What they buy next
indicators-move-from = After
indicators-move-to = They buy
indicators-effects = What each treatment does
indicators-effects-about = Repeat purchases added for 100 customers, with 95% ranges
indicators-treatment = Treatment
indicators-after-short = After it
indicators-added-short = Because of it
indicators-change = Spend
indicators-cost-each = Cost of an added one
indicators-claim = Says
indicators-per-hundred = for 100 customers
indicators-best = { $name }: { $claim }
indicators-best-cost = { $name } · { $cost } for each added purchase
indicators-none-of-kind = Reached nobody in this time
indicators-reached-count = { $count ->
    [one] reached once
   *[other] reached { $count } times
  }
indicators-times = { $times } times as many as usual ({ $range })
indicators-cut = { $count ->
    [one] 1 too late to see
   *[other] { $count } too late to see
  }
indicators-claim-more = Works
indicators-claim-less = Harms
indicators-claim-unknown = Not known
indicators-claim-too-few = Too few
indicators-claim-no-control = No control
indicators-claim-broken = Broken
indicators-why-more = More comes of it.
indicators-why-less = Less comes of it.
indicators-why-unknown = The range has zero in it.
indicators-why-too-few = Fewer than 30 in an arm: nothing is claimed.
indicators-why-no-control = Nobody was left without it: no effect may be claimed.
indicators-why-broken = The arms are not as large as they were to be: something went wrong in between.
indicators-needed = { $count } in each arm would show a change of a tenth.
indicators-cell-all = All loyal customers
indicators-cell-repeated = Came back
indicators-cell-missing = Did not come back
indicators-cell-category = Bought of this category
indicators-cell-reached = Reached
indicators-cell-after = Came after it
indicators-cell-treated = Were to get it
indicators-cell-control = Left without it
indicators-how-effects-1 = After it: purchases in the days after a treatment reached somebody (respect 30, gift 60, discount until a week after its last day); each counts for the latest treatment, or for the one whose code was used. Beside it, how many there would have been in as many days without any treatment of the same customers.
indicators-how-effects-2 = Because of it: those who were to get it less those who, by lot, were left without it, policy by policy, from the day it was decided (respect 30, gift 60, discount 90 days at least); what they did before is taken out (CUPED), the range is Welch’s. Without a group that was left out no effect is claimed.
indicators-how-effects-3 = Where several treatments of a kind are asked at once, chance is adjusted after Holm. The cost of an added purchase has its range after Fieller and is left out where none may have been added.
indicators-how-repeats-1 = Customers who were loyal on the first day, for as long as they stayed so. All purchases of a day are one; what was given back whole is none; the very first purchase is no repeat.
indicators-how-repeats-2 = The share has a Wilson range; purchases in a year are all repeats over all years of being loyal, with the range of a ratio (delta method); the time to the next one is Kaplan–Meier’s median.
indicators-how-amounts-1 = What was given back is taken from the purchase it belongs to. Means are over all loyal customers, also those who did not come.
indicators-how-amounts-2 = The sum is customers × share who came × times × amount; the change is split over these four by logarithmic means (LMDI).
indicators-how-kinds-1 = First, second … are counted within the chosen time. A purchase of two categories counts in both; shares of the money add up to one.
indicators-how-kinds-2 = What they buy next is pulled towards what all buy, by the weight of five purchases.
indicators-how-advocacy-1 = Customers who were advocates on the first day, for as long as they stayed so. An introduction counts on the day it happened; what was rejected or taken back is none.
indicators-how-advocacy-2 = Because of it: confirmed introductions, of those who were to get it less those who, by lot, were not. Friends who are on the other side are left out. Few introductions are judged by shuffling.
indicators-advocacy = Indicators of advocates
indicators-advocacy-sub = { $count ->
    [one] 1 customer who was an advocate on the first day
   *[other] { $count } customers who were advocates on the first day
  } · { $from } to { $until } · counted { $when }.
indicators-no-advocates = Nobody was an advocate on that day
indicators-no-advocates-about = Advocates are loyal customers who brought somebody by themselves. Choose a shorter time, or see who is about to become one.
indicators-introductions = Introductions of one advocate
indicators-confirmed = Confirmed ones
indicators-a-year = a year
indicators-advocate-years = Years of being an advocate, all together
indicators-left = { $count ->
    [one] one is no advocate any more and counts until then
   *[other] { $count } are no advocates any more and count until then
  }
indicators-effects-advocacy = What each treatment has to do with it
indicators-effects-advocacy-about = Confirmed introductions added for 100 advocates, with 95% ranges
indicators-no-effects = No treatment reached an advocate in this time.
indicators-introductions-by = Introductions by kind and form
indicators-came = { $qualified } friends came, { $confirmed } confirmed
indicators-spilled = { $count } left out: the friend is on the other side.
indicators-column-indicator = Indicator
indicators-column-name = Of
indicators-column-value = Value
indicators-column-low = Low
indicators-column-high = High
indicators-column-count = Count
indicators-after = After it
indicators-after-times = After it, times as many as usual
indicators-added = Because of it, repeat purchases for each customer
indicators-added-amount = Because of it, minor units for each customer
indicators-benefit = Because of it, benefit for each customer, minor units
indicators-days = days
indicators-days-range = Choose from { $min } to { $max } days.
indicators-best-chance = best with a chance of { $share }
indicators-best-share = Chance to be the best
indicators-pairs = Which one is better
indicators-pairs-about = Each treatment was compared with its own control group. All ranges of a kind hold together with 95%.
indicators-pair-one = This treatment
indicators-pair-other = against
indicators-pair-more = More per 100 customers
indicators-pair-benefit = More profit per customer
indicators-worth = Worth of an advocate’s introductions
indicators-worth-all = { $amount } in all
indicators-worth-unknown = Cannot be told: what goods cost, or the share of friends who would not have come anyway, has not been entered.
indicators-more-introducers = { $more } more introducers per 100 ({ $range }).
indicators-more-worth = Introductions of each worth { $amount } more ({ $range }).
indicators-how-effects-4 = To be the best: each effect is taken with its error, and the chance is that it is above all others of its kind. Differences of pairs are widened (Bonferroni) so that all hold at once.
indicators-how-advocacy-3 = Worth of an introduction: the profit of a friend’s purchases of a year for the share who would not have come anyway, the saved cost of winning the others, less what the benefit costs (Kumar and others 2010). That share is somebody’s assumption.
