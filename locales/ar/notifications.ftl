# What the program has to tell somebody.
notifications-reminder = تذكير: { $what }
notifications-overdue = تأخّرت: { $what }
notifications-escalated = متأخرة أكثر من يوم لدى { $owner }: { $what }
notifications-handed-over = أسند إليكم { $from }: { $what }
notifications-planned = متابعة جديدة لكم: { $what }
notifications-taken-over = انتقل إليكم من { $from }: العملاء { $customers }، والمتابعات { $followups }
notifications-none = لا إشعارات
notifications-none-advice = تظهر هنا التذكيرات والمتابعات المتأخرة.
notifications-read-all = تعليم الكل مقروءًا
notifications-older = الأقدم
# Mails of reminders.
notifications-mail-many = { $count ->
    [one] متابعة واحدة في انتظاركم
    [two] متابعتان في انتظاركم
    [few] { $count } متابعات في انتظاركم
   *[other] { $count } متابعة في انتظاركم
}
notifications-mail-greeting = مرحبًا { $name }،
notifications-mail-due = الموعد: { $when }
notifications-mail-more = { $count ->
    [one] وفي البرنامج متابعة أخرى.
    [two] وفي البرنامج متابعتان أخريان.
    [few] وفي البرنامج { $count } متابعات أخرى.
   *[other] وفي البرنامج { $count } متابعة أخرى.
}
notifications-mail-footer = أرسل بيوند هذه الرسالة إليكم من «{ $organisation }». لإيقافها أطفئوا «التذكير بالبريد الإلكتروني أيضًا» في إعداداتكم.
