# The frame of every page.
brand = پیوند
menu-today = امروز
menu-parties = مشتریان
menu-follow-ups = پیگیری‌ها
menu-insight = بینش‌ها
menu-segments = بخش‌ها
menu-imports = ورود از فایل
menu-settings = تنظیمات
shell-skip = پرش به محتوا
shell-offline = اتصال برقرار نیست؛ آنچه نوشته‌اید نگه داشته می‌شود.
shell-search = جست‌وجو یا فرمان…
shell-search-hint = نام، شماره، کد ملی…
shell-results = نتیجه‌ها
shell-choose = انتخاب
shell-open = باز کردن
shell-nav = ناوبری اصلی
shell-path = مسیر
shell-notifications = اعلان‌ها
shell-log = ثبت تعامل
shell-more = بیشتر
shell-shortcuts = میان‌برهای صفحه‌کلید
shell-key-list-search = جست‌وجو در فهرست
shell-key-rows = ردیف بعدی، ردیف قبلی
shell-key-select = انتخاب ردیف
shell-key-done = انجام شد
shell-key-snooze = عقب انداختن
shell-no-answer = پاسخی نیامد. دوباره تلاش کنید.
close = بستن
undo = برگرداندن
copy = کپی
copied = کپی شد
save = ذخیره
cancel = انصراف
edit = ویرایش
add = افزودن
remove = برداشتن
back = بازگشت
next = بعدی
previous = قبلی
optional = اختیاری
yes = بله
no = خیر
nobody = هیچ‌کس
post-owner = صاحب کسب‌وکار
post-manager = مدیر واحد
post-agent = کارشناس
error-code = کد پیگیری:
error-home = رفتن به صفحه‌ی نخست
error-not-found = این صفحه پیدا نشد
error-not-found-advice = شاید نشانی اشتباه است، یا حذف شده، یا دیدنش در اختیار شما نیست.
error-signed-out = نخست وارد شوید
error-signed-out-advice = مدتی از ورودتان گذشته است. دوباره وارد شوید.
error-forbidden = اجازه‌ی این کار را ندارید
error-forbidden-advice = سمت شما این اختیار را ندارد. از مدیر خود بخواهید.
error-invalid = این اطلاعات پذیرفته نشد
error-conflict = این اطلاعات با چیزی که ثبت شده ناسازگار است
error-limited = تلاش‌ها زیاد بود
error-limited-advice = { $minutes ->
    [1] یک دقیقه‌ی دیگر دوباره تلاش کنید.
   *[other] { $minutes } دقیقه‌ی دیگر دوباره تلاش کنید.
}
error-unavailable = پایگاه داده پاسخ نمی‌دهد
error-unavailable-advice = چیزی از دست نرفته است. کمی بعد دوباره تلاش کنید.
error-fault = خطایی از سوی ما رخ داد
error-fault-advice = آنچه پیش از این ثبت شده سالم است. دوباره تلاش کنید و اگر تکرار شد، کد پیگیری را به پشتیبان بدهید.
error-cross-site = این درخواست از صفحه‌ی دیگری آمده بود و انجام نشد. صفحه را تازه کنید و دوباره تلاش کنید.
open-calendar = باز کردن تقویم
form-problems = { $count ->
    [1] یک مورد را درست کنید
   *[other] { $count } مورد را درست کنید
}
