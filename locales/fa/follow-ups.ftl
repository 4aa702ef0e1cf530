# Follow-ups: what is to be done next.
follow-ups-due-past = این روز گذشته است. امروز یا روزی پس از آن را بنویسید.
follow-ups-owner-unknown = این همکار در واحد شما نیست. کسی را از فهرست انتخاب کنید.
follow-ups-changed-meanwhile = در این میان کسی این پیگیری را تغییر داده است. صفحه را تازه کنید و دوباره ببینید.
follow-ups-not-open = این پیگیری دیگر باز نیست.
follow-ups-undone = برگردانده شد.
follow-ups-new = پیگیری تازه
follow-ups-edit = ویرایش پیگیری
follow-ups-customer = مشتری
follow-ups-customer-hint = نام، تلفن یا کد مشتری را بنویسید.
follow-ups-what = چه کاری؟
follow-ups-what-hint = مثلاً: تماس برای نتیجه‌ی پیشنهاد
follow-ups-due = تا کی؟
follow-ups-time = ساعت
follow-ups-owner = مسئول
follow-ups-channel = راه تماس
follow-ups-importance = اهمیت
follow-ups-importance-low = کم
follow-ups-importance-normal = معمولی
follow-ups-importance-high = مهم
follow-ups-remind = یادآوری
follow-ups-remind-not = بدون یادآوری
follow-ups-remind-before = { $minutes ->
    [0] سر وقت
    [60] یک ساعت پیش
    [120] دو ساعت پیش
    [1440] یک روز پیش
   *[other] { $minutes } دقیقه پیش
}
follow-ups-planned = پیگیری «{ $name }» ثبت شد
follow-ups-changed = پیگیری «{ $name }» تغییر کرد
follow-ups-was-done = پیگیری «{ $name }» انجام شد
follow-ups-snoozed = پیگیری «{ $name }» به { $when } افتاد
follow-ups-handed-over = پیگیری «{ $name }» به { $owner } واگذار شد
follow-ups-cancelled = پیگیری «{ $name }» لغو شد
follow-ups-done = انجام شد
follow-ups-done-go = انجام شد
follow-ups-snooze = عقب انداختن
follow-ups-snooze-go = عقب انداختن
follow-ups-hand-over = واگذاری به همکار
follow-ups-hand-over-go = واگذاری
follow-ups-cancel = لغو پیگیری
follow-ups-call = تماس
follow-ups-done-of = انجام شد: { $name }
follow-ups-snooze-of = عقب انداختن: { $name }
follow-ups-call-of = تماس: { $name }
follow-ups-log-of = ثبت تعامل: { $name }
follow-ups-plan-of = پیگیری تازه: { $name }
follow-ups-acts-of = کارهای دیگر: { $name }
follow-ups-result-ask = نتیجه چه بود؟ با زدن هر کدام، پیگیری انجام‌شده ثبت می‌شود.
follow-ups-more = یادداشت، ثبت تعامل، گام بعدی
follow-ups-text = یادداشت
follow-ups-contact = ثبت تعامل
follow-ups-contact-not = ثبت نشود
follow-ups-next = گام بعدی
follow-ups-new-owner = چه کسی پیگیری کند؟
follow-ups-snooze-later = دیرتر، همین امروز
follow-ups-snooze-tomorrow = فردا
follow-ups-snooze-two-days = پس‌فردا
follow-ups-snooze-next-week = هفته‌ی آینده
follow-ups-snooze-next-month = ماه آینده
follow-ups-snooze-pick = روز دیگر
follow-ups-views = نماها
follow-ups-view-open = باز
follow-ups-view-overdue = عقب‌افتاده
follow-ups-view-today = امروز
follow-ups-view-later = روزهای بعد
follow-ups-view-done = انجام‌شده
follow-ups-view-cancelled = لغوشده
follow-ups-none-open = پیگیری بازی نیست
follow-ups-none-overdue = چیزی عقب نیفتاده است
follow-ups-none-today = برای امروز چیزی نمانده است
follow-ups-none-later = برای روزهای بعد پیگیری‌ای نیست
follow-ups-none-done = هنوز چیزی انجام نشده است
follow-ups-none-cancelled = چیزی لغو نشده است
follow-ups-none-advice = برای هر مشتری گام بعدی را بنویسید تا سر وقت یادتان بیاوریم.
follow-ups-first = از آغاز
