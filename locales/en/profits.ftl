# What customers cost beside what they bring: problems and the history.
profits-goods-unknown = Profit is sales until you say what goods cost. Enter the share of the goods in the price under rates.
profits-days-order = The first day comes after the last one. Swap them.
profits-expiry = Enter a day from today to a year from now.
costs-negative = A cost is not negative. Enter the amount without a sign.
costs-source-of-customer = This cost is of one customer; leave either the customer or the source empty.
costs-nothing = Enter an amount or minutes of work.
cost-rates-time-sum = The shares of time come to more than 100%. Lower one of them.
event-cost-added = Cost entered
event-cost-removed = Cost removed
event-cost-restored = Cost put back
event-cost-rate-changed = Cost rate changed
event-profit-decided = Decision about a customer’s profit
event-profit-refresh-asked = New profits asked for
cost-rates-tiers-all = Give the borders of all three tiers, or leave all three empty.
cost-rates-tiers-order = This border has to be lower than that of the better tier.
