# What the program has to tell somebody.
notifications-reminder = تذكير: { $what }
notifications-overdue = تأخّرت: { $what }
notifications-escalated = متأخرة أكثر من يوم لدى { $owner }: { $what }
notifications-handed-over = أسند إليك { $from }: { $what }
notifications-planned = متابعة جديدة لك: { $what }
notifications-none = لا إشعارات
notifications-none-advice = تظهر هنا التذكيرات والمتابعات المتأخرة.
notifications-read-all = تعليم الكل كمقروء
notifications-older = الأقدم
