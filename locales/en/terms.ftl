# The ready-made words of the lists: term-LIST-WORD.

term-reason-question = Question
term-reason-purchase = Purchase
term-reason-price = Price enquiry
term-reason-support = Support
term-reason-complaint = Complaint
term-reason-praise = Praise
term-reason-visit = Visit
term-reason-payment = Payment
term-reason-follow-up = Follow-up
term-reason-courtesy = Courtesy
term-reason-other = Other

term-origin-website = Website
term-origin-instagram = Instagram
term-origin-telegram = Telegram
term-origin-advertisement = Advertisement
term-origin-recommendation = Recommendation
term-origin-exhibition = Exhibition
term-origin-walk-in = Walk-in
term-origin-our-call = Our call
term-origin-message = Message
term-origin-other = Other

term-result-answered = Answered
term-result-no-answer = No answer
term-result-interested = Interested
term-result-bought = Bought
term-result-will-decide = Will decide
term-result-not-interested = Not interested
term-result-solved = Solved
term-result-needs-follow-up = Needs a follow-up
term-result-complaint-open = Complaint still open
term-result-wrong-number = Wrong number

term-source-recommendation = Recommendation
term-source-instagram = Instagram
term-source-website = Website
term-source-search = Web search
term-source-advertisement = Advertisement
term-source-exhibition = Exhibition
term-source-walk-in = Walk-in
term-source-import = Imported
term-source-other = Other

term-trait-quality-first = Quality before price
term-trait-price-first = Price before quality
term-trait-quick-decision = Decides quickly
term-trait-careful-decision = Decides carefully
term-trait-formal = Formal
term-trait-friendly = Friendly
term-trait-prefers-writing = Prefers writing
term-trait-prefers-calls = Prefers calls
term-trait-dislikes-crowds = Dislikes crowds
term-trait-detail-minded = Minds details

term-taste-modern = Modern
term-taste-classic = Classic
term-taste-local-products = Local products
term-taste-imported-products = Imported products
term-taste-gifts = Buying gifts
term-taste-novelties = Novelties

term-expectation-fast-delivery = Fast delivery
term-expectation-after-sales = After-sales service
term-expectation-regular-news = Regular news
term-expectation-personal-contact = One person to talk to
term-expectation-warranty = Warranty
term-expectation-instalments = Instalments

term-need-spare-parts = Spare parts
term-need-training = Training
term-need-repair = Repair
term-need-new-product = New product
term-need-lower-price = Lower price
term-need-delivery = Delivery
term-need-consultation = Advice

term-honorific-mr = Mr
term-honorific-ms = Ms
term-honorific-dr = Dr
term-honorific-engineer = Eng.
term-honorific-professor = Prof.
term-honorific-haj-mr = Haj
term-honorific-haj-ms = Haje
term-honorific-sayyid = Sayyid

term-education-school = Below diploma
term-education-diploma = High school
term-education-associate = Associate
term-education-bachelor = Bachelor
term-education-master = Master
term-education-doctor = Doctorate

term-income_band-low = Low
term-income_band-middle = Middle
term-income_band-upper-middle = Upper middle
term-income_band-high = High

term-relation-spouse = Spouse
term-relation-parent-of = Parent of
term-relation-sibling = Sibling
term-relation-relative = Relative
term-relation-friend = Friend
term-relation-employee-of = Employee of
term-relation-manager-of = Manager of
term-relation-buyer-for = Buyer for
term-relation-introduced-by = Introduced by
term-relation-partner = Partner
term-relation-supplier-of = Supplier of
term-relation-branch-of = Branch of

term-role-prospect = Prospect
term-role-customer = Customer
term-role-supplier = Supplier
term-role-partner = Partner
term-role-ended = Ended

term-gender-female = Female
term-gender-male = Male
term-gender-other = Other

term-stance-friend = Friend
term-stance-neutral = Neutral
term-stance-mixed = Mixed
term-stance-enemy = Against us

term-channel-mobile = Mobile
term-channel-phone = Phone
term-channel-sms = SMS
term-channel-email = E-mail
term-channel-whatsapp = WhatsApp
term-channel-telegram = Telegram
term-channel-instagram = Instagram
term-channel-eitaa = Eitaa
term-channel-bale = Bale
term-channel-rubika = Rubika
term-channel-shop = Shop
term-channel-website = Website
term-channel-web = Web
term-channel-fax = Fax
term-channel-in-person = In person
term-channel-visit = Visit
term-channel-letter = Letter
term-channel-note = Note
term-channel-other = Other

term-direction-inbound = Inbound
term-direction-outbound = Outbound

term-consent-unknown = Not asked
term-consent-given = Given
term-consent-withdrawn = Withdrawn

term-importance-low = Low
term-importance-normal = Normal
term-importance-high = High

term-confidence-low = Low confidence
term-confidence-medium = Medium confidence
term-confidence-high = High confidence

term-preference-preference = Preference
term-preference-taste = Taste
term-preference-expectation = Expectation
term-preference-need = Need
term-preference-trait = Trait
