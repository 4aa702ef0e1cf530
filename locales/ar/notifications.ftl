# What the program has to tell somebody.
notifications-reminder = تذكير: { $what }
notifications-overdue = تأخّرت: { $what }
notifications-escalated = متأخرة أكثر من يوم لدى { $owner }: { $what }
notifications-handed-over = أسند إليك { $from }: { $what }
notifications-planned = متابعة جديدة لك: { $what }
notifications-taken-over = انتقل إليك من { $from }: العملاء { $customers }، والمتابعات { $followups }
notifications-none = لا إشعارات
notifications-none-advice = تظهر هنا التذكيرات والمتابعات المتأخرة.
notifications-read-all = تعليم الكل كمقروء
notifications-older = الأقدم
# Mails of reminders.
notifications-mail-many = { $count ->
    [one] متابعة واحدة في انتظارك
    [two] متابعتان في انتظارك
    [few] { $count } متابعات في انتظارك
   *[other] { $count } متابعة في انتظارك
}
notifications-mail-greeting = مرحبًا { $name }،
notifications-mail-due = الموعد: { $when }
notifications-mail-more = { $count ->
    [one] وفي البرنامج متابعة أخرى.
    [two] وفي البرنامج متابعتان أخريان.
    [few] وفي البرنامج { $count } متابعات أخرى.
   *[other] وفي البرنامج { $count } متابعة أخرى.
}
notifications-mail-footer = أرسل بيوند هذه الرسالة إليك من «{ $organisation }». لإيقافها أطفئ «التذكير بالبريد الإلكتروني أيضًا» في إعداداتك.
