# The ways of keeping in touch with a customer.
reach = How to reach them
reach-best-both = Best reached by { $channel }, { $hours }.
reach-best-channel = Best reached by { $channel }.
reach-best-hours = Best reached { $hours }.
reach-not-enough = Not enough data yet: it takes { $needed } tries by one way of which it is known what came.
reach-said = They said they prefer:
reach-way = Way and time
reach-share = Reached
reach-best = the best
reach-few = too few
reach-counted = { $reached } of { $tries }
reach-hours-morning = in the morning (6 to 12)
reach-hours-noon = at noon (12 to 15)
reach-hours-afternoon = in the afternoon (15 to 18)
reach-hours-evening = in the evening (18 to 22)
reach-hours-night = at night
reach-how = Of the last 300 contacts that we began and of which it is known what came: how often they were reached, with the 95 % interval (Wilson). Ways are compared by the share with five tries at their mean over all ways added, so that two of two are not better than nine of ten. A follow-up that is planned without a way takes the one they said, else the best.
