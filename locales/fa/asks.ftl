# Asking by rule.
event-ask-rule-changed = قاعده‌ی پرسیدن تغییر کرد
event-ask-rule-created = قاعده‌ی پرسیدن ساخته شد

asks = پرسیدن خودکار
asks-about = پس از چه چیزی از چه کسی می‌پرسیم، و چرا از بقیه نپرسیدیم
asks-rules = قاعده‌ها
asks-rules-none = هنوز قاعده‌ای نیست؛ پس خودکار از کسی پرسیده نمی‌شود.
asks-rules-many = دست بالا { $max } قاعده.
asks-rule-twice = برای این نظرسنجی و این رویداد قاعده‌ای هست.
asks-rule-counts = { $asked } بار پرسیده شد، از { $seen } رویداد
asks-after = پس از
asks-after-purchase = خرید
asks-after-case = بسته شدن پرونده
asks-after-visit = دیدار حضوری
asks-after-purchase-days = { $count ->
    [0] همان روز خرید
   *[other] { $count } روز پس از خرید
}
asks-after-case-days = { $count ->
    [0] همان روز بسته شدن پرونده
   *[other] { $count } روز پس از بسته شدن پرونده
}
asks-after-visit-days = { $count ->
    [0] همان روز دیدار
   *[other] { $count } روز پس از دیدار
}
asks-wait = چند روز بعد
asks-add-rule = افزودن قاعده
asks-stop = توقف
asks-start = آغاز دوباره
asks-stopped = متوقف
asks-view-all = همه
asks-view-waiting = در انتظار پاسخ
asks-none = هنوز رویدادی نبوده است
asks-none-about = هر ساعت رویدادهای تازه بررسی می‌شوند. اینجا می‌بینید از چه کسی پرسیدیم و چرا از دیگری نپرسیدیم.
asks-outcome = نتیجه
asks-outcome-asked = پرسیده شد
asks-outcome-no-survey = نظرسنجی باز نیست
asks-outcome-archived = مشتری بایگانی شده
asks-outcome-no-consent = اجازه‌ی پیام نداده است
asks-outcome-open-incident = رنجشی باز دارد
asks-outcome-open-complaint = شکایتی باز دارد
asks-outcome-asked-lately = به‌تازگی از او پرسیده‌ایم
asks-outcome-one-of-five = احترام از هر پنج تماس یک بار پرسیده می‌شود
asks-answered = پاسخ داد
asks-occasion-purchase = خرید { $day }
asks-occasion-case = پرونده‌ی بسته‌ی { $day }
asks-occasion-visit = دیدار { $day }
asks-outcomes = ۳۰ روز گذشته
asks-outcomes-none = در ۳۰ روز گذشته رویدادی نبود.
asks-cooldown = از هر مشتری در هر { $count } روز یک بار می‌پرسیم، از هر راهی که باشد.
asks-note = پیوند را خودتان برای مشتری بفرستید. بی‌اجازه‌ی پیام، با رنجش یا شکایت باز، از کسی نمی‌پرسیم؛ احترام را هم دست بالا پس از یک تماس از پنج تماس.
asks-last = آخرین پرسش خودکار
asks-settings = پرسیدن خودکار
asks-settings-about = هر پرسشی به حساب می‌آید: پیوند، تلفن، پیشخوان.
asks-settings-cooldown = فاصله‌ی دو پرسش (روز)
