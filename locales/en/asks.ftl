# Asking by rule.
event-ask-rule-changed = Rule for asking changed
event-ask-rule-created = Rule for asking made

asks = Asked by rule
asks-about = Whom we ask after what, and why the others were not asked
asks-rules = Rules
asks-rules-none = No rule yet, so nobody is asked by rule.
asks-rules-many = At most { $max } rules.
asks-rule-twice = There is a rule of this survey after this already.
asks-rule-counts = asked { $asked } times, of { $seen } occasions
asks-after = After
asks-after-purchase = A purchase
asks-after-case = A closed case
asks-after-visit = A meeting face to face
asks-after-purchase-days = { $count ->
    [0] on the day of the purchase
    [one] a day after the purchase
   *[other] { $count } days after the purchase
}
asks-after-case-days = { $count ->
    [0] on the day the case is closed
    [one] a day after the case is closed
   *[other] { $count } days after the case is closed
}
asks-after-visit-days = { $count ->
    [0] on the day of the meeting
    [one] a day after the meeting
   *[other] { $count } days after the meeting
}
asks-wait = Days later
asks-add-rule = Add a rule
asks-stop = Stop
asks-start = Start again
asks-stopped = stopped
asks-view-all = All
asks-view-waiting = Waiting for an answer
asks-none = No occasion yet
asks-none-about = New occasions are looked at every hour. Here you see who was asked, and why others were not.
asks-outcome = What came of it
asks-outcome-asked = Asked
asks-outcome-no-survey = Survey is not open
asks-outcome-archived = Customer is archived
asks-outcome-no-consent = Has not allowed messages
asks-outcome-open-incident = Was offended, not settled yet
asks-outcome-open-complaint = Complained, not settled yet
asks-outcome-asked-lately = Asked lately
asks-outcome-one-of-five = Respect is asked after one contact of five
asks-answered = Answered
asks-occasion-purchase = Purchase { $day }
asks-occasion-case = Case closed { $day }
asks-occasion-visit = Meeting { $day }
asks-outcomes = The last 30 days
asks-outcomes-none = No occasion in 30 days.
asks-cooldown = { $count ->
    [one] A customer is asked once a day at most, by whichever way.
   *[other] A customer is asked once in { $count } days at most, by whichever way.
}
asks-note = Send the link to the customer yourself. Nobody is asked who has not allowed messages, or whose offence or complaint is not settled; respect is asked after one contact of five at most.
asks-last = Last asked by rule
asks-settings = Asked by rule
asks-settings-about = Every question counts: by link, by telephone, at the counter.
asks-settings-cooldown = Days between two questions
