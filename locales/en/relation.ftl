# The relation with a customer: in a sentence, and how good it is from 0 to 100.
relation = Relation
relation-sentence = { $length } relation, { $continuity }, { $repetition }; { $attitude }.
relation-length-new = A brand-new
relation-length-short = { $months ->
    [one] A short (one month)
   *[other] A short ({ $months } months)
}
relation-length-long = { $years ->
    [one] A long (one year)
   *[other] A long ({ $years } years)
}
relation-continuous = continuous
relation-intermittent = intermittent
relation-young = still too young to be called continuous
relation-repeated = with repeated purchases ({ $count } purchase days)
relation-one-off = with one purchase only
relation-never = without a purchase yet
relation-attitude-friend = their stated attitude is friendly
relation-attitude-neutral = their stated attitude is neutral
relation-attitude-mixed = their stated attitude is mixed
relation-attitude-enemy = their stated attitude is against us
relation-attitude-none = nobody has noted their attitude yet
relation-score = { $score } of 100
relation-too-little = Not enough data for a score yet: it takes two parts.
relation-part-recency = Recency against their own rhythm
relation-part-reciprocity = Reciprocity
relation-part-response = Answers in time
relation-part-feedback = Praise and complaints
relation-part-payment = Payment
relation-told-recency = { $one } days of silence; usually { $other } days
relation-told-reciprocity = From them: { $one }, from us: { $other } within a year
relation-told-response = { $one } of { $other } messages answered within a day
relation-told-feedback = Praise: { $one }, complaints: { $other } within a year
relation-lacks-recency = left out, too few purchases and contacts for a rhythm
relation-lacks-reciprocity = left out, fewer than four contacts within a year
relation-lacks-response = left out, fewer than three messages within a year
relation-lacks-feedback = left out, neither praise nor complaint within a year
relation-lacks-payment = left out, payments are not recorded here yet
relation-about = The score is the mean of { $parts } of { $all } parts. Up to one usual gap of silence is 100, four are 0; equally many contacts from both sides are 100; answers count when they come within a day; praise and complaints are weighed against each other, where one word alone does not make 0 or 100.
