# Signing in
sign-in-wrong = E-mail or password is not right.
sign-in-wrong-left = { $left ->
    [one] E-mail or password is not right. You have one more try.
   *[other] E-mail or password is not right. You have { $left } more tries.
}

# Passwords
password-short = A password needs at least { $min } characters. A short sentence works well.
password-own = Your name or e-mail address is too easy to guess. Choose something else.
password-common = This is one of the first passwords anybody would try. Choose something else.
password-old-wrong = This is not your current password.
password-same = This is the password you already have. Choose a new one.

# Tokens and people
tokens-scope-unknown = There is no right called { $scope }.
tokens-scope-needed = Choose at least one right.
users-no-such = Nobody has an open account with this address.
users-email = This is not an e-mail address. Write it like name@example.com.
users-email-taken = Somebody already has an account with this address.
users-unit-unknown = Choose a unit that you can reach.
users-above-you = This person may do more than you. Ask an owner.
users-last-owner = The organisation needs at least one owner. Give another person the owner's post first.
users-hand-over-needed = They look after { $customers ->
    [one] { $customers } customer
   *[other] { $customers } customers
}, { $follow_ups ->
    [one] { $follow_ups } open follow-up
   *[other] { $follow_ups } open follow-ups
} and { $opportunities ->
    [one] { $opportunities } open opportunity
   *[other] { $opportunities } open opportunities
}. Say who takes over.
users-hand-over-unknown = Choose somebody with an open account within your reach.
users-no-head = There is no other head above this person. Choose somebody, or nobody.

# Units and posts
units-parent-unknown = Choose a unit that you can reach.
units-circle = A unit cannot stand below itself.
units-deep = The tree may have { $max } levels at most.
units-head-unknown = Choose somebody with an open account.
posts-unknown = There is no such post.
posts-name-taken = There is already a post with this name.
posts-beyond-yours = You cannot give rights that you do not have.
posts-owner-full = The owner's post keeps every right, so that nobody is locked out.
posts-ready-made = The posts that come with Peyvand stay. You can rename them.
posts-held = Somebody holds this post. Give them another one first.


room-parties = Customers
room-identities = National IDs in full
room-interactions = Interactions
room-follow-ups = Follow-ups
room-sales = Sales
room-insight = Insights
room-imports = File import
room-organisation = Colleagues and units
room-settings = Settings
room-audit = History of changes

act-see = see
act-create = add
act-change = change
act-delete = delete
act-export = export

reach-nothing = nothing
reach-own = their own
reach-unit = their unit's
reach-all = everything

explain-closed = No. The account of { $user } is closed.
explain-no-room = No. The post “{ $post }” of { $user } gives nothing in “{ $room }”.
explain-no-act = No. The post “{ $post }” of { $user } lets them see “{ $room }”, but not { $act }.
explain-all = Yes. The post “{ $post }” of { $user } reaches everything in “{ $room }”.
explain-in-general = Yes, for { $reach }. The post “{ $post }” of { $user } allows it in “{ $room }”.
explain-own = Yes. { $user } is responsible for this customer.
explain-unit = Yes. This customer belongs to the unit of { $user } or one below it.
explain-elsewhere = No. This customer belongs to somebody else, and the post “{ $post }” of { $user } reaches only { $reach }.

# First run
set-up-done = This organisation has already been set up. Sign in.
set-up-unit-retail = Shop
set-up-unit-distribution = Sales
set-up-unit-clinic = Reception
set-up-unit-services = Services
set-up-unit-other = Head office
