# What the program has to tell somebody.
notifications-reminder = یادآوری: { $what }
notifications-overdue = عقب افتاد: { $what }
notifications-escalated = بیش از یک روز عقب‌افتاده نزد { $owner }: { $what }
notifications-handed-over = { $from } به شما سپرد: { $what }
notifications-planned = پیگیری تازه برای شما: { $what }
notifications-none = اعلانی نیست
notifications-none-advice = یادآوری‌ها و پیگیری‌های عقب‌افتاده همین‌جا می‌آیند.
notifications-read-all = همه را خواندم
notifications-older = قدیمی‌ترها
