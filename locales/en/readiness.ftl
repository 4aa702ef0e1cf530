# The six barriers. 0 is the highest barrier, 4 is none.
readiness-twice = This question was answered twice.
readiness-none = Answer at least one question.

readiness-needs = Needs
readiness-needs-question = Do you know what you want Peyvand to do for you?
readiness-needs-0 = We have not talked about it.
readiness-needs-1 = Everybody has another idea.
readiness-needs-2 = We have an idea, nothing is written down.
readiness-needs-3 = We have written down our main problems.
readiness-needs-4 = Each unit has said what it needs, in order of importance.
readiness-needs-plan = Ask each unit this week for the one customer problem that costs it most. Write down the three that come up most often, and switch on only what answers them.

readiness-culture = Culture
readiness-culture-question = Whose business are customers in your organisation?
readiness-culture-0 = Only the salespeople's.
readiness-culture-1 = Sales and one or two others.
readiness-culture-2 = Everybody says so, few act so.
readiness-culture-3 = Most units know their part.
readiness-culture-4 = Everybody, finance and warehouse too.
readiness-culture-plan = Have every unit log one conversation with a customer each day, finance and warehouse too. Read one good and one bad one aloud in the weekly meeting.

readiness-strategy = Experience and strategy
readiness-strategy-question = How much experience do you have with working by a plan for customers?
readiness-strategy-0 = None, we react day by day.
readiness-strategy-1 = We tried a program once and gave it up.
readiness-strategy-2 = We keep spreadsheets, without a plan.
readiness-strategy-3 = We have a plan and follow it in part.
readiness-strategy-4 = We have a written plan and look at the results.
readiness-strategy-plan = Start small: one unit, its hundred most important customers, one month. Decide before the start how you will see that it helped.

readiness-fear = Fear
readiness-fear-question = How do your people feel about such a program?
readiness-fear-0 = They fear being watched or replaced.
readiness-fear-1 = Many do not want it.
readiness-fear-2 = They wait and see.
readiness-fear-3 = Most are willing.
readiness-fear-4 = They ask for it themselves.
readiness-fear-plan = Tell people before the start what is recorded and what it is not used for. Let two people whom the others trust try it first and speak about it.

readiness-cost = Cost
readiness-cost-question = Are equipment, time and training provided for?
readiness-cost-0 = Nothing is provided for.
readiness-cost-1 = There are computers, but no time to learn.
readiness-cost-2 = People will learn it beside their work.
readiness-cost-3 = There is time for it, and someone to ask.
readiness-cost-4 = Equipment, time and training are planned.
readiness-cost-plan = Give each person two hours in the first week that belong to learning alone, and name one person whom everybody may ask.

readiness-islands = Separate islands
readiness-islands-question = Where is what you know about customers today?
readiness-islands-0 = In people's heads and notebooks.
readiness-islands-1 = Each unit has its own list.
readiness-islands-2 = In several programs that do not match.
readiness-islands-3 = Mostly in one place.
readiness-islands-4 = In one place that every unit uses.
readiness-islands-plan = Bring the largest list in first, then those of the other units; duplicates are shown as you go. After that nobody keeps a list of their own.
