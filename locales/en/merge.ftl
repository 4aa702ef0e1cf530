# Customers who turn out to be one.
merge = Merge with another customer…
merge-title = Merge two customers
merge-of = Who is { $name } as well?
merge-about = Everything of the other goes over to this one: purchases, contacts, credit and history. The other disappears from lists and search. You can take it back for 30 days.
merge-find = The other customer
merge-find-hint = Name, phone or code
merge-compare = Compare
merge-likely = Likely the same
merge-likely-none = Nobody else shares a number, an ID or the name with this customer. Search for the other one.
merge-kept = Stays
merge-goes = Goes into it
merge-swap = Keep the other one instead
merge-fact = Fact
merge-choose = Where they differ, choose what holds
merge-nothing-differs = They do not differ in any fact.
merge-empty = nothing
merge-moves = What goes over
merge-moves-nothing = The other has nothing of their own.
merge-left = { $count ->
    [one] One entry is there already and stays behind.
   *[other] { $count } entries are there already and stay behind.
  }
merge-ended = { $count ->
    [one] One referral ends: nobody refers themselves, and nobody is referred twice. What it brought is taken back.
   *[other] { $count } referrals end: nobody refers themselves, and nobody is referred twice. What they brought is taken back.
  }
merge-stage = Stage afterwards: { $after } (now { $this } and { $other })
merge-consent = Whoever said no to a channel stays asked for nothing there.
merge-undo-until = Can be taken back until { $day }.
merge-do = Merge them
merge-done = { $name } was merged into this customer.
merge-undone = { $name } is a customer of their own again.
merge-undone-with = { $name } is a customer of their own again. Not put back: { $what }.
merge-undone-gone = { $count ->
    [one] one entry that is no more
   *[other] { $count } entries that are no more
  }
merge-undone-changed = facts changed since ({ $fields })
merge-undone-ended = { $count ->
    [one] one ended referral
   *[other] { $count } ended referrals
  }
merge-of-two = Also written down as { $name }
merge-on = Merged on { $day } by { $who }
merge-on-by-nobody = Merged on { $day }
merge-take-back = Take the merge back
merge-former = former
merge-kind-purchases = Purchases
merge-kind-interactions = Contacts
merge-kind-follow-ups = Follow-ups
merge-kind-opportunities = Opportunities
merge-kind-contact-points = Phones and e-mails
merge-kind-addresses = Addresses
merge-kind-identity-keys = Codes and IDs
merge-kind-tags = Tags
merge-kind-preferences = Things known of them
merge-kind-relations = Relations
merge-kind-costs = Costs
merge-kind-cases = Cases
merge-kind-incidents = Respect incidents
merge-kind-answers = Survey sheets
merge-kind-grants = Discounts, gifts and benefits
merge-kind-referrals = Referrals by them
merge-kind-benefits = Credit lots
merge-field-name = Name
merge-field-honorific = Form of address
merge-field-father-name = Father's name
merge-field-birth-on = Birth date
merge-field-gender = Gender
merge-field-education = Education
merge-field-job = Job
merge-field-income-band = Income
merge-field-city = City
merge-field-role = Role
merge-field-owner = Owner
merge-field-source = Source
merge-field-stance = Stance towards us
merge-field-preferred-channel = Preferred channel
merge-field-preferred-hours = Preferred hours
merge-field-note = Note
merge-oneself = This is the same record. Choose another customer.
merge-kinds = A person and an organisation are never one. Relate them instead.
merge-two-people = The two have different national IDs ({ $this } and { $other }): they are two. If one was written down wrongly, correct it first.
merge-archived = “{ $name }” is archived. Restore them first.
merge-was-merged = “{ $name }” has been merged with another customer. Open that one.
merge-field-unknown = There is no fact “{ $field }”. Known are: { $fields }.
merge-not-merged = “{ $name }” is not merged with anybody.
merge-too-late = Merges can be taken back for { $days } days. This one is older.
merge-undo-later-first = “{ $name }” was merged into “{ $into }” later. Take that back first.

# Pairs of customers who may be one.
pairs = Likely the same
pairs-link = Likely the same
pairs-about = Customers who share a phone, an e-mail or another account, or have the same name in one city. Numbers and names that many share are left out.
pairs-none = Nobody seems to be written down twice
pairs-none-about = When two customers share a number or a name, they will be named here.
pairs-none-here = Nobody on this page
pairs-purchases = { $count ->
    [one] one purchase
   *[other] { $count } purchases
  }
pairs-keep-apart = Not the same
pairs-kept-apart = They are two and will not be named again.
event-party-kept-apart = Found to be another than a likely double
pairs-merge-chosen = Merge the chosen pairs
pairs-merge-about = The one with more purchases stays, with its own facts. Each pair can be taken back for 30 days.
pairs-none-chosen = Choose at least one pair.
pairs-merged = { $count ->
    [one] One pair was merged.
   *[other] { $count } pairs were merged.
  }
pairs-refused = Not merged: { $count }. { $reason }
