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
