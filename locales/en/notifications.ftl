# What the program has to tell somebody.
notifications-reminder = Reminder: { $what }
notifications-overdue = Overdue: { $what }
notifications-escalated = Overdue for more than a day with { $owner }: { $what }
notifications-handed-over = { $from } handed over to you: { $what }
notifications-planned = A new follow-up for you: { $what }
notifications-none = No notifications
notifications-none-advice = Reminders and overdue follow-ups appear here.
notifications-read-all = Mark all as read
notifications-older = Older
