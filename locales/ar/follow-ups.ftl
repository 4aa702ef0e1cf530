# Follow-ups: what is to be done next.
follow-ups-due-past = هذا اليوم قد مضى. اكتبوا اليوم أو يومًا بعده.
follow-ups-owner-unknown = هذا الزميل ليس في وحدتكم. اختاروا شخصًا من القائمة.
follow-ups-changed-meanwhile = عدّل شخص هذه المتابعة في هذه الأثناء. حدّثوا الصفحة وراجعوها من جديد.
follow-ups-not-open = لم تعد هذه المتابعة مفتوحة.
follow-ups-undone = تم التراجع.
follow-ups-new = متابعة جديدة
follow-ups-edit = تعديل المتابعة
follow-ups-customer = العميل
follow-ups-customer-hint = اكتبوا الاسم أو الهاتف أو رمز العميل.
follow-ups-what = ما المطلوب؟
follow-ups-what-hint = مثلًا: اتصال لمعرفة الرد على العرض
follow-ups-due = الموعد
follow-ups-time = الساعة
follow-ups-owner = المسؤول
follow-ups-channel = وسيلة التواصل
follow-ups-importance = الأهمية
follow-ups-importance-low = منخفضة
follow-ups-importance-normal = عادية
follow-ups-importance-high = مهمة
follow-ups-remind = التذكير
follow-ups-remind-not = دون تذكير
follow-ups-remind-before = { $minutes ->
    [0] في الموعد
    [60] قبل ساعة
    [120] قبل ساعتين
    [1440] قبل يوم
   *[other] قبل { $minutes } دقيقة
}
follow-ups-planned = تمت جدولة متابعة «{ $name }»
follow-ups-changed = تم تعديل متابعة «{ $name }»
follow-ups-was-done = أُنجزت متابعة «{ $name }»
follow-ups-snoozed = أُجّلت متابعة «{ $name }» إلى { $when }
follow-ups-handed-over = أُسندت متابعة «{ $name }» إلى { $owner }
follow-ups-cancelled = أُلغيت متابعة «{ $name }»
follow-ups-done = تم الإنجاز
follow-ups-done-go = تم الإنجاز
follow-ups-snooze = التأجيل
follow-ups-snooze-go = تأجيل
follow-ups-hand-over = الإسناد إلى زميل
follow-ups-hand-over-go = إسناد
follow-ups-cancel = إلغاء المتابعة
follow-ups-call = اتصال
follow-ups-done-of = إنجاز: { $name }
follow-ups-snooze-of = تأجيل: { $name }
follow-ups-call-of = اتصال: { $name }
follow-ups-log-of = تسجيل تفاعل: { $name }
follow-ups-plan-of = متابعة جديدة: { $name }
follow-ups-acts-of = إجراءات أخرى: { $name }
follow-ups-result-ask = ما النتيجة؟ باختيار أيٍّ منها تُسجَّل المتابعة منجزة.
follow-ups-more = ملاحظة، تسجيل تفاعل، الخطوة التالية
follow-ups-text = ملاحظة
follow-ups-contact = تسجيل تفاعل
follow-ups-contact-not = دون تسجيل
follow-ups-next = الخطوة التالية
follow-ups-new-owner = من يتابع؟
follow-ups-snooze-later = لاحقًا اليوم
follow-ups-snooze-tomorrow = غدًا
follow-ups-snooze-two-days = بعد غد
follow-ups-snooze-next-week = الأسبوع القادم
follow-ups-snooze-next-month = الشهر القادم
follow-ups-snooze-pick = يوم آخر
follow-ups-views = طرق العرض
follow-ups-view-open = المفتوحة
follow-ups-view-overdue = المتأخرة
follow-ups-view-today = اليوم
follow-ups-view-later = لاحقًا
follow-ups-view-done = المنجزة
follow-ups-view-cancelled = الملغاة
follow-ups-none-open = لا متابعات مفتوحة
follow-ups-none-overdue = لا شيء متأخر
follow-ups-none-today = لم يبقَ شيء لليوم
follow-ups-none-later = لا شيء مجدول للأيام القادمة
follow-ups-none-done = لم يُنجز شيء بعد
follow-ups-none-cancelled = لم يُلغَ شيء
follow-ups-none-advice = اكتبوا لكل عميل خطوته التالية لنذكّركم بها في وقتها.
follow-ups-first = من البداية
