# What the program has to tell somebody.
notifications-reminder = یادآوری: { $what }
notifications-overdue = عقب افتاد: { $what }
notifications-escalated = بیش از یک روز عقب‌افتاده نزد { $owner }: { $what }
notifications-handed-over = { $from } به شما واگذار کرد: { $what }
notifications-planned = پیگیری تازه برای شما: { $what }
notifications-taken-over = از { $from } به شما رسید: { $customers } مشتری و { $followups } پیگیری
notifications-none = اعلانی نیست
notifications-none-advice = یادآوری‌ها و پیگیری‌های عقب‌افتاده همین‌جا می‌آیند.
notifications-read-all = همه را خواندم
notifications-older = قدیمی‌ترها
# Mails of reminders.
notifications-mail-many = { $count } پیگیری چشم‌به‌راه شماست
notifications-mail-greeting = سلام { $name }،
notifications-mail-due = موعد: { $when }
notifications-mail-more = { $count } مورد دیگر را در برنامه ببینید.
notifications-mail-footer = این پیام را پیوندِ «{ $organisation }» فرستاده است. اگر دیگر نمی‌خواهید، در تنظیمات «یادآوری با ایمیل هم بیاید» را خاموش کنید.
