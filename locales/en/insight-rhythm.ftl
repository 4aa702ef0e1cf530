# Rhythm and silence: how regularly customers buy, and who is silent for longer than their own habit.
parties-habit = Rhythm of buying
insight-rhythm = Rhythm and silence
insight-rhythm-about = How regularly customers buy, and who is silent for longer than is their own habit
insight-rhythm-sub = { $customers ->
    [one] One customer with purchases, as of { $day }
   *[other] { $customers } customers with purchases, as of { $day }
}
insight-rhythm-bare = Once purchases are in, this page shows who buys regularly and who has fallen silent.
insight-rhythm-habits = How customers buy
insight-rhythm-habits-about = Click a line to see its customers
insight-rhythm-list = { $habit }: longest silence first
insight-rhythm-list-about = Measured by each customer’s own usual gap
insight-rhythm-none = Nobody is like this now.
insight-rhythm-more = Further customers
insight-rhythm-gap = Usual gap
insight-rhythm-silent-for = Silence
insight-rhythm-every = { $days ->
    [one] every day
   *[other] every { $days } days
}
insight-rhythm-silence = { $gaps } times their gap
insight-rhythm-how-gaps = The usual gap is the median of the days between a customer’s purchase days; it takes four purchase days. Silence is the days since the last purchase in usual gaps.
insight-rhythm-how-habits = Silent: more than four gaps, and at least a week. Late: more than two. Slowing down: the last gap was more than twice the usual one. Regular: with four gaps or more, their deviation is below half of their mean; irregular is above. Each customer is in the first group that holds.
insight-rhythm-how-season = Seasonal: at least 60% of purchase days in the same quarter of the solar year, in two years or more; they count as silent only when that season has passed without them.
insight-rhythm-column-no = Number
insight-rhythm-column-name = Customer
insight-rhythm-column-owner = Looked after by
insight-rhythm-column-habit = Rhythm of buying
insight-rhythm-column-gap = Usual gap, days
insight-rhythm-column-days = Days since the last purchase
insight-rhythm-column-silence = Silence, in usual gaps
insight-rhythm-column-occasions = Purchase days
insight-rhythm-column-last = Last purchase
insight-rhythm-column-spent = Spent
insight-rhythm-column-active = Probability of being active
insight-habit-regular = Regular
insight-habit-regular-about = Gaps between purchases are alike
insight-habit-irregular = Irregular
insight-habit-irregular-about = Gaps differ much
insight-habit-seasonal = Seasonal
insight-habit-seasonal-about = Most purchases lie in one season of several years
insight-habit-slowing = Slowing down
insight-habit-slowing-about = The last gap was more than twice as long as usual
insight-habit-lapsing = Late
insight-habit-lapsing-about = More than two usual gaps without a purchase
insight-habit-silent = Silent
insight-habit-silent-about = More than four usual gaps without a purchase
insight-habit-unclear = Too early to tell
insight-habit-unclear-about = Too few purchases for a rhythm
insight-rhythm-picture = Bar
