# The voice of the customer: surveys and their answers.
room-service = Voice of the customer
menu-service = Voice of customers
event-survey-answer-changed = Survey answer corrected
event-survey-answered = Answered a survey
event-survey-changed = Survey changed
event-survey-closed = Survey closed
event-survey-created = Survey made
event-survey-invited = Asked for an opinion
event-survey-published = Survey opened

# Problems.
surveys-not-draft = This survey has been opened, so it stays as it is. Make a new version to change it.
surveys-not-live = This survey is not open to answers.
surveys-still-draft = This survey is still a draft. Change it directly.
surveys-without-question = Add a question first.
surveys-kind-twice = Each kind of question is asked once.
surveys-asked-already = This is asked already. It may stand there { $max ->
    [one] once
   *[other] { $max } times
}.
surveys-question-unknown = One of the answers belongs to no question of this survey.
surveys-no-scale = This question is answered in words.
surveys-answer-needed = Please choose an answer.
surveys-nothing-answered = Nothing has been answered yet. Choose or write something.
surveys-answered-already = This invitation has been answered. Thank you.
surveys-over = This survey has ended and takes no more answers.

# What questions say to begin with.
surveys-usual-name = Your opinion
surveys-ask-nps = How likely are you to recommend us to a friend or colleague?
surveys-ask-csat = How satisfied were you with us this time?
surveys-ask-ces = We made it easy for you to get what you came for.
surveys-ask-respect-dignity = We treated you politely and with respect.
surveys-ask-respect-listened = We listened to what you had to say.
surveys-ask-respect-promises = We kept what we promised.
surveys-ask-fairness = We treated you as fairly as any other customer.
surveys-ask-open = What should we keep, and what should we do better?

# Ends of the scales: fixed, because other words would make another measure.
surveys-low-nps = Not at all
surveys-high-nps = Certainly
surveys-low-csat = Very dissatisfied
surveys-high-csat = Very satisfied
surveys-low-ces = Do not agree at all
surveys-high-ces = Agree completely
surveys-low-respect = Do not agree at all
surveys-high-respect = Agree completely
surveys-low-fairness = Do not agree at all
surveys-high-fairness = Agree completely

# Kinds of questions.
surveys-kind-nps = Recommendation (NPS)
surveys-kind-csat = Satisfaction (CSAT)
surveys-kind-ces = Ease (CES)
surveys-kind-respect = Perceived respect
surveys-kind-fairness = Fairness
surveys-kind-open = In their own words
surveys-kind-about-nps = 0 to 10
surveys-kind-about-csat = 1 to 5
surveys-kind-about-ces = 1 to 7
surveys-kind-about-respect = three questions of 1 to 7
surveys-kind-about-fairness = 1 to 7
surveys-kind-about-open = text

# The page that customers see.
surveys-send = Send
surveys-optional = optional
surveys-answer-in = Language
surveys-thanks = Thank you
surveys-thanks-about = Your answer has reached us. Somebody of us reads it.
surveys-thanks-correct = Correct my answer
surveys-thanks-again = The page goes back to the start by itself.
surveys-next-person = Next answer
surveys-was-answered = This invitation has been answered
surveys-was-answered-about = Each invitation is answered once. Thank you for your time.
surveys-has-ended = This survey has ended
surveys-has-ended-about = It takes no more answers. Thank you for your interest.
surveys-confirm-about = Your choice is marked below. Press "Send" to confirm it.
surveys-many = Too many answers came from this network. Please try again in ten minutes.
surveys-unread = Somebody has answered in the meantime, or the survey has ended.
surveys-preview = Preview
surveys-preview-about = This is how customers see it. Nothing is stored here.

# Pages of the room.
surveys-tabs = Pages of the voice of customers
surveys-scores = Scores
surveys-scores-about = What customers answered from { $from } to { $until }
surveys-scores-none = Nobody has answered yet
surveys-scores-none-about = Make a survey, open it, and send its link or put it on a tablet on the counter. Answers are counted here.
surveys-days = { $days ->
    [one] one day
   *[other] { $days } days
}
surveys-any = All surveys
surveys-which = Survey
surveys-window = Time
surveys-range = between { $low } and { $high }
surveys-of-answers = { $count ->
    [one] of one answer
   *[other] of { $count } answers
}
surveys-known = { $count ->
    [0] nobody known by name
    [one] one of them known by name
   *[other] { $count } of them known by name
}
surveys-too-few = Not enough data
surveys-too-few-about = There { $have ->
    [one] is one answer
   *[other] are { $have } answers
}; a number is said from { $need } on.
surveys-before = before: { $value }
surveys-step = Answer
surveys-count = How many
surveys-see = Who answered so
surveys-good = { $count } good
surveys-neither = { $count } in between
surveys-bad = { $count } bad
surveys-nps-good = { $count } promoters
surveys-nps-neither = { $count } passive
surveys-nps-bad = { $count } detractors
surveys-how-last = Of each customer known by name the last answer of these days counts; answers of people who are not known count each. So somebody who is asked often does not weigh more.
surveys-how-nps = NPS is the share of those who chose 9 or 10 less the share of those who chose 0 to 6. Its range is the adjusted Wald interval with 95 per cent: three more answers are reckoned in, so that few answers do not look certain.
surveys-how-csat = CSAT is the share of 4 and 5, with Wilson's interval.
surveys-how-means = Ease, respect and fairness are means of the steps 1 to 7, with the interval of Student's t. Of respect, the mean of the three questions of one answer counts as one.
surveys-how-few = Below { $need } answers no number is shown. Only those who wish to answer do, so these numbers are of them, not of all customers.
surveys-how-unknown = You see answers of your own customers. Those of people who are not known are for who sees all customers.
surveys-answers = Answers
surveys-answers-about = Everything that was answered, the newest first
surveys-answers-none = No answer fits
surveys-answers-none-about = Take a filter away, or look again when somebody has answered.
surveys-unknown = Not known by name
surveys-by-invitation = by their link
surveys-by-open = by the open link
surveys-by-kiosk = at the counter
surveys-by-staff = told to us
surveys-by-whom = told to { $name }
surveys-older = Older
surveys-kind = Question
surveys-any-kind = All questions
surveys-from-step = from { $step }
surveys-until-step = up to { $step }
surveys-only-last = last answer of each customer
surveys-who = Customer
surveys-said = Answer
surveys-when = When
surveys = Surveys
surveys-about = What you ask customers
surveys-new = New survey
surveys-new-about = Choose what it asks. You may change everything until you open it.
surveys-none = No survey yet
surveys-none-about = Begin with one question, such as whether they would recommend you, and room for words.
surveys-name = Name
surveys-name-fa = Name in Persian
surveys-name-ar = Name in Arabic
surveys-name-en = Name in English
surveys-state = State
surveys-state-draft = Draft
surveys-state-live = Open
surveys-state-closed = Closed
surveys-filled = Answers
surveys-version = version { $version }
surveys-questions = Questions
surveys-no-question = No question yet. Add the first one.
surveys-text-fa = In Persian
surveys-text-ar = In Arabic
surveys-text-en = In English
surveys-needed = An answer is needed
surveys-add = Add a question
surveys-add-kind = Add: { $kind }
surveys-up = Up: { $question }
surveys-down = Down: { $question }
surveys-take-out = Take out: { $question }
surveys-publish = Open to answers
surveys-publish-about = Once open, the questions stay as they are, so that the numbers can be compared. A change makes a new version.
surveys-close = Close
surveys-revise = New version
surveys-saved = Saved
surveys-opened = The survey is open
surveys-closed = The survey is closed
surveys-revised = A new version, as a draft
surveys-made = Draft made
surveys-links = Links
surveys-open-link = For everybody
surveys-open-link-about = Who answers is not known. For a poster, a receipt or your website.
surveys-kiosk-link = For a tablet on the counter
surveys-kiosk-link-about = Large buttons; goes back to the start by itself.
surveys-copy = Copy
surveys-copied = Copied
surveys-invite = Ask a customer
surveys-invite-about = Makes a link of their own, to be answered once, for { $days } days. Peyvand does not send it yet: copy it into your message.
surveys-make-link = Make the link
surveys-invited = The link for { $name } is ready
surveys-invitations = Asked lately
surveys-invitations-none = Nobody has been asked by name yet.
surveys-invitation-answered = answered { $when }
surveys-invitation-waiting = waits until { $day }
surveys-invitation-over = not answered
surveys-take-down = Write an answer down
surveys-take-down-about = Ask the questions as they stand, and mark what the customer says.
surveys-taken-down = The answer of { $name } is noted
surveys-of-party = What they said
surveys-of-party-none = They have not been asked yet, or have not answered.
surveys-of-party-all = All answers
surveys-respect-value = Respect { $value }
surveys-nps-value = NPS { $value }
surveys-csat-value = Satisfaction { $value }
surveys-ces-value = Ease { $value }
surveys-fairness-value = Fairness { $value }
surveys-of-scale = { $value } of { $last }
surveys-column-day = Day
surveys-column-door = How
surveys-column-words = In words
