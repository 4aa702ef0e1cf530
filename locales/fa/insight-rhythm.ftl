# Rhythm and silence: how regularly customers buy, and who is silent for longer than their own habit.
parties-habit = آهنگ خرید
insight-rhythm = آهنگ خرید و سکوت
insight-rhythm-about = هر مشتری چقدر منظم می‌خرد و چه کسی بیش از عادت خودش ساکت مانده
insight-rhythm-sub = { $customers } مشتری با خرید، تا { $day }
insight-rhythm-bare = همین که خریدها وارد شوند، اینجا می‌بینید چه کسی منظم می‌خرد و چه کسی ساکت شده.
insight-rhythm-habits = مشتریان چطور می‌خرند
insight-rhythm-habits-about = روی هر سطر بزنید تا مشتریانش را ببینید
insight-rhythm-list = { $habit }: بلندترین سکوت در بالا
insight-rhythm-list-about = با فاصله‌ی همیشگی خود هر مشتری سنجیده می‌شود
insight-rhythm-none = اکنون کسی این‌گونه نیست.
insight-rhythm-more = مشتریان بعدی
insight-rhythm-gap = فاصله‌ی همیشگی
insight-rhythm-silent-for = سکوت
insight-rhythm-every = { $days ->
    [1] هر روز
   *[other] هر { $days } روز
}
insight-rhythm-silence = { $gaps } برابر فاصله‌اش
insight-rhythm-how-gaps = فاصله‌ی همیشگی، میانه‌ی روزهای میان روزهای خرید مشتری است و چهار روز خرید می‌خواهد. سکوت، روزهای گذشته از آخرین خرید است، بر حسب همین فاصله.
insight-rhythm-how-habits = خاموش: بیش از چهار فاصله و دست‌کم یک هفته. دیرکرده: بیش از دو فاصله. کندشده: آخرین فاصله بیش از دو برابر همیشه بود. منظم: با چهار فاصله یا بیشتر، پراکندگی فاصله‌ها کمتر از نصف میانگین‌شان است؛ نامنظم: بیشتر از آن. هر مشتری در نخستین گروهی است که درباره‌اش درست باشد.
insight-rhythm-how-season = فصلی: دست‌کم ۶۰٪ روزهای خرید در یک فصل سال خورشیدی، در دو سال یا بیشتر؛ چنین کسی وقتی خاموش به شمار می‌آید که آن فصل بی‌او گذشته باشد.
insight-rhythm-column-no = شماره
insight-rhythm-column-name = مشتری
insight-rhythm-column-owner = مسئول
insight-rhythm-column-habit = آهنگ خرید
insight-rhythm-column-gap = فاصله‌ی همیشگی، روز
insight-rhythm-column-days = روزهای گذشته از آخرین خرید
insight-rhythm-column-silence = سکوت، بر حسب فاصله‌ی همیشگی
insight-rhythm-column-occasions = روزهای خرید
insight-rhythm-column-last = آخرین خرید
insight-rhythm-column-spent = جمع خرید
insight-rhythm-column-active = احتمال فعال‌بودن
insight-habit-regular = منظم
insight-habit-regular-about = فاصله‌ی خریدهایش نزدیک به هم است
insight-habit-irregular = نامنظم
insight-habit-irregular-about = فاصله‌ی خریدهایش خیلی فرق می‌کند
insight-habit-seasonal = فصلی
insight-habit-seasonal-about = بیشتر خریدهایش در یک فصل از چند سال است
insight-habit-slowing = کندشده
insight-habit-slowing-about = آخرین فاصله بیش از دو برابر همیشه بود
insight-habit-lapsing = دیرکرده
insight-habit-lapsing-about = بیش از دو برابر فاصله‌ی همیشگی‌اش نخریده
insight-habit-silent = خاموش
insight-habit-silent-about = بیش از چهار برابر فاصله‌ی همیشگی‌اش نخریده
insight-habit-unclear = هنوز روشن نیست
insight-habit-unclear-about = خریدها برای دیدن آهنگ کم‌اند
insight-rhythm-picture = نوار
