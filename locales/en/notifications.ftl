# What the program has to tell somebody.
notifications-reminder = Reminder: { $what }
notifications-overdue = Overdue: { $what }
notifications-escalated = Overdue for more than a day with { $owner }: { $what }
notifications-handed-over = { $from } handed over to you: { $what }
notifications-planned = A new follow-up for you: { $what }
notifications-taken-over = From { $from } to you: { $customers ->
    [one] { $customers } customer
   *[other] { $customers } customers
} and { $followups ->
    [one] { $followups } follow-up
   *[other] { $followups } follow-ups
}
notifications-none = No notifications
notifications-none-advice = Reminders and overdue follow-ups appear here.
notifications-read-all = Mark all as read
notifications-older = Older
# Mails of reminders.
notifications-mail-many = { $count ->
    [one] { $count } follow-up waits for you
   *[other] { $count } follow-ups wait for you
}
notifications-mail-greeting = Hello { $name },
notifications-mail-due = due { $when }
notifications-mail-more = { $count ->
    [one] { $count } more is in the program.
   *[other] { $count } more are in the program.
}
notifications-mail-footer = Peyvand at { $organisation } sent you this. To get no more of these, switch off “Reminders by e-mail too” in your settings.
