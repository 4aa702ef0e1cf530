# The ways of keeping in touch with a customer.
reach = راه‌های تماس
reach-best-both = بهترین راه: { $channel }، { $hours }.
reach-best-channel = بهترین راه: { $channel }.
reach-best-hours = بهترین وقت: { $hours }.
reach-not-enough = هنوز دادهٔ کافی نیست: باید از یک راه { $needed } بار تماس گرفته باشیم و نتیجه‌اش ثبت شده باشد.
reach-said = خودشان گفته‌اند:
reach-way = راه و وقت
reach-share = جواب داده‌اند
reach-best = بهترین
reach-few = کم است
reach-counted = { $reached } از { $tries }
reach-hours-morning = صبح (۶ تا ۱۲)
reach-hours-noon = ظهر (۱۲ تا ۱۵)
reach-hours-afternoon = بعدازظهر (۱۵ تا ۱۸)
reach-hours-evening = شب (۱۸ تا ۲۲)
reach-hours-night = دیروقت
reach-how = از ۳۰۰ تماس آخری که ما گرفته‌ایم و نتیجه‌اش ثبت شده: چند بار به آن‌ها رسیده‌ایم، با بازهٔ ۹۵٪ (ویلسون). راه‌ها با افزودن پنج تماس فرضی به میانگین خود مشتری مقایسه می‌شوند، تا دو از دو بهتر از نه از ده نباشد. پیگیری‌ای که بی راه نوشته شود راهی را می‌گیرد که خودشان گفته‌اند، وگرنه بهترین را.
