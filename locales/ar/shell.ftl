# The frame of every page.
brand = پيوند
menu-today = اليوم
menu-parties = العملاء
menu-follow-ups = المتابعات
menu-imports = الاستيراد من ملف
menu-settings = الإعدادات
shell-skip = تخطَّ إلى المحتوى
shell-offline = لا يوجد اتصال؛ ما كتبته محفوظ.
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
shell-no-answer = لم يصل ردّ. أعد المحاولة.
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
error-not-found-advice = ربما العنوان خاطئ، أو أُزيل هذا السجل، أو ليس من صلاحيتك.
error-signed-out = سجّل الدخول أولًا
error-signed-out-advice = مضى وقت على دخولك. سجّل الدخول من جديد.
error-forbidden = ليس لديك إذن بهذا العمل
error-forbidden-advice = منصبك لا يملك هذه الصلاحية. اطلبها من مديرك.
error-invalid = لم تُقبل هذه البيانات
error-conflict = هذه البيانات تتعارض مع ما هو مسجّل
error-limited = محاولات كثيرة
error-limited-advice = { $minutes ->
    [one] أعد المحاولة بعد دقيقة.
    [two] أعد المحاولة بعد دقيقتين.
    [few] أعد المحاولة بعد { $minutes } دقائق.
   *[other] أعد المحاولة بعد { $minutes } دقيقة.
}
error-unavailable = قاعدة البيانات لا تستجيب
error-unavailable-advice = لم يُفقد شيء. أعد المحاولة بعد قليل.
error-fault = حدث خطأ من جانبنا
error-fault-advice = ما سُجّل من قبل سليم. أعد المحاولة، وإن تكرّر الخطأ فأعط رمز المتابعة للدعم.
error-cross-site = جاء هذا الطلب من صفحة أخرى فلم يُنفَّذ. حدّث الصفحة وأعد المحاولة.
open-calendar = فتح التقويم
form-problems = { $count ->
    [one] صحّح خطأً واحدًا
    [two] صحّح خطأين
    [few] صحّح { $count } أخطاء
   *[other] صحّح { $count } خطأ
}
