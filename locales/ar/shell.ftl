# The frame of every page.
brand = بيوند
menu-today = اليوم
menu-parties = العملاء
menu-follow-ups = المتابعات
menu-insight = الرؤى
menu-segments = الشرائح
menu-imports = الاستيراد من ملف
menu-settings = الإعدادات
shell-skip = الانتقال إلى المحتوى
shell-offline = لا يوجد اتصال؛ ما كتبتموه محفوظ.
shell-search = بحث أو أمر…
shell-search-hint = اسم، رقم، هوية…
shell-results = النتائج
shell-choose = اختيار
shell-open = فتح
shell-nav = التنقل الرئيسي
shell-path = المسار
shell-notifications = الإشعارات
shell-log = تسجيل تفاعل
shell-more = المزيد
shell-shortcuts = اختصارات لوحة المفاتيح
shell-key-list-search = البحث في القائمة
shell-key-rows = الصف التالي، الصف السابق
shell-key-select = تحديد الصف
shell-key-done = تم
shell-key-snooze = تأجيل
shell-no-answer = لم يصل ردّ. أعيدوا المحاولة.
close = إغلاق
undo = تراجع
copy = نسخ
copied = تم النسخ
save = حفظ
cancel = إلغاء
edit = تعديل
add = إضافة
remove = إزالة
back = رجوع
next = التالي
previous = السابق
optional = اختياري
yes = نعم
no = لا
nobody = لا أحد
post-owner = المالك
post-manager = مدير الوحدة
post-agent = موظف
error-code = رمز المتابعة:
error-home = الذهاب إلى الصفحة الأولى
error-not-found = لم نجد هذه الصفحة
error-not-found-advice = ربما العنوان خاطئ، أو أُزيل هذا السجل، أو ليس من صلاحيتكم.
error-signed-out = سجّلوا الدخول أولًا
error-signed-out-advice = مضى وقت على دخولكم. سجّلوا الدخول من جديد.
error-forbidden = ليس لديكم إذن بهذا العمل
error-forbidden-advice = منصبكم لا يملك هذه الصلاحية. اطلبوها من مديركم.
error-invalid = لم تُقبل هذه البيانات
error-conflict = هذه البيانات تتعارض مع ما هو مسجّل
error-limited = محاولات كثيرة
error-limited-advice = { $minutes ->
    [one] أعيدوا المحاولة بعد دقيقة.
    [two] أعيدوا المحاولة بعد دقيقتين.
    [few] أعيدوا المحاولة بعد { $minutes } دقائق.
   *[other] أعيدوا المحاولة بعد { $minutes } دقيقة.
}
error-unavailable = قاعدة البيانات لا تستجيب
error-unavailable-advice = لم يُفقد شيء. أعيدوا المحاولة بعد قليل.
error-fault = حدث خطأ من جانبنا
error-fault-advice = ما سُجّل من قبل سليم. أعيدوا المحاولة، وإن تكرّر الخطأ فأعطوا رمز المتابعة للدعم.
error-cross-site = جاء هذا الطلب من صفحة أخرى فلم يُنفَّذ. حدّثوا الصفحة وأعيدوا المحاولة.
open-calendar = فتح التقويم
form-problems = { $count ->
    [one] صحّحوا خطأً واحدًا
    [two] صحّحوا خطأين
    [few] صحّحوا { $count } أخطاء
   *[other] صحّحوا { $count } خطأ
}
