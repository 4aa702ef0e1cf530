# What customers cost beside what they bring: the page of insights, and the box on a customer's page.
insight-value = Customer profit
profits-about = What is left of each customer after all that they cost
profits-customers = { $count ->
    [one] One customer with purchases or costs
   *[other] { $count } customers with purchases or costs
}
profits-needs-goods = No profit yet
profits-profit = Profit
profits-of-sales = of { $sales } { $unit } sales
profits-best-fifth = Best fifth
profits-of-profit = of all profit
profits-best-fifth-about = Above 100%, the others take some of it away
profits-losing = Loss-making customers
profits-losing-sum = { $loss } { $unit } lost together
profits-service = Cost to serve
profits-hours = { $count ->
    [one] one hour of our time
   *[other] { $count } hours of our time
}
profits-whale = Whale curve of profit
profits-whale-about = Profit added up from the best customer to the worst
profits-says = The best fifth of the customers makes { $share } of the profit.
profits-says-none = There was no profit in this period; the chart shows amounts.
profits-says-losing = { $count ->
    [one] One customer costs more than they bring and takes { $loss } { $unit } of it away.
   *[other] { $count } customers cost more than they bring and take { $loss } { $unit } of it away.
}
profits-table = Table of the chart
profits-best-customers = Best customers
profits-tiers = Tiers and our time
profits-tiers-about = Who gets our time, and who should
profits-tier = Tier
profits-tier-1 = Tier 1: best
profits-tier-2 = Tier 2: good
profits-tier-3 = Tier 3: middle
profits-tier-4 = Tier 4: low
profits-tier-from = from { $amount }
profits-tier-rest = less than that
profits-time = Time
profits-target = Target
profits-time-over = { $time } of the time on record went to “{ $tier }”; the target is { $target }.
profits-ideal = Ideal customers
profits-ranked = Customers by profit
profits-nobody = Nobody is on this list
profits-nobody-loses = No customer costs more than they bring.
profits-next = More of the list
profits-line = sales { $sales }, goods { $goods }, service { $service }
profits-ending = Decisions that end soon
profits-approved-by = Approved by { $name }
profits-until = until { $day }
profits-decide = Decide
profits-decide-of = Decide about { $name }
profits-decision = What shall we do?
profits-decision-raise-price = Raise the price
profits-decision-cheaper-channel = Serve them by a cheaper channel
profits-decision-fewer-visits = Visit and call less
profits-decision-end = End the relation
profits-decision-keep = Keep as it is
profits-approver = Approved by
profits-expires = Holds until
profits-reason = Reason
profits-decided = The decision about { $name } is on record.
profits-decided-until = { $what } (until { $day })
profits-of-year = Profit of the last year
profits-discounts = { $amount } { $unit } of discounts, which the sales already show
profits-minutes = { $count ->
    [one] one minute of our time
   *[other] { $count } minutes of our time
}
profits-unpriced = Without a rate, so not counted: { $items }
profits-how = Profit is sales after discounts and refunds, less goods, our time, the price of each contact, and the costs entered. Discounts are not taken off twice.
profits-how-who = Everybody who bought or had a cost entered in the last 365 days, and earlier buyers whom we were in touch with.
profits-how-tiers = Tier 1 is the best twentieth, tier 2 reaches to a fifth, tier 3 to three fifths; customers of equal profit share a tier.
profits-how-goods = Goods are reckoned at { $share } of the price.
profits-how-nobody = { $amount } { $unit } of costs belong to no customer and are in nobody’s profit.
profits-rates = Rates
profits-rates-about = What things cost you
profits-rates-basic = Goods and work
profits-rates-channels = A contact, besides its time
profits-rates-time = Share of our time for each tier
profits-rates-set = The rates are saved; the profits follow in a few minutes.
profits-rate-goods = Share of goods in the price
profits-rate-staff-hour = An hour of work
profits-column-name = Name
profits-column-tier = Tier
profits-column-sales = Sales
profits-column-goods = Goods
profits-column-staff = Our time
profits-column-channels = Contacts
profits-column-entered = Costs entered
profits-column-profit = Profit
profits-column-discount = Discounts
profits-column-minutes = Minutes
profits-rates-tiers = Yearly profit from which a tier begins; left empty, Peyvand finds the borders by itself
profits-borders-by-hand = The borders of the tiers were set by you; in force since { $day }.
profits-borders-found = The borders of the tiers were found from the profit of all customers; { $day }.
profits-borders-changing = Other borders have been set; they come into force with the next calculation.
