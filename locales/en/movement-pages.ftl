# Movement between tiers of profit, and the time that a tier gets.
movement = Movement between tiers
movement-about = Who rose, who fell and who left from one month to another
movement-shop-months = the months are those of the shop’s calendar
movement-matrix = From tier to tier
movement-caption = Rows: the tier in the first month; columns: the tier in the second. Each number leads to its customers.
movement-from = From
movement-until = to
movement-show = Show
movement-no-tier = No tier
movement-between = From { $from } to { $until }
movement-from-to = From “{ $was }” to “{ $became }”
movement-none = Nothing to compare yet
movement-none-about = Tiers are noted every month. As soon as two months are known, the moves between them stand here.
movement-how = Every night the tiers of the current month are noted; what is noted at the end of a month stays. The six months before the first reckoning were worked out from the purchases.
movement-how-tier = The tier follows from the profit of the year up to that day, by the borders of that day.
movement-how-none = No tier: neither purchase nor cost in that year.
movement-cell = { $count ->
    [one] { $count } customer from “{ $was }” to “{ $became }”
   *[other] { $count } customers from “{ $was }” to “{ $became }”
}
movement-risen = { $count ->
    [one] One customer rose.
   *[other] { $count } customers rose.
}
movement-fallen = { $count ->
    [one] One customer fell.
   *[other] { $count } customers fell.
}
movement-left = { $count ->
    [one] One customer has neither bought nor cost anything any more.
   *[other] { $count } customers have neither bought nor cost anything any more.
}
movement-came = { $count ->
    [one] One customer is new or has come back.
   *[other] { $count } customers are new or have come back.
}
profits-contacts = { $count ->
    [one] one contact
   *[other] { $count } contacts
}
profits-tier-hours = { $count ->
    [one] one hour
   *[other] { $count } hours
}
