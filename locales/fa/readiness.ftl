# شش مانع. ۰ یعنی مانع بزرگ، ۴ یعنی بی‌مانع.
readiness-twice = به این پرسش دو بار پاسخ داده شده است.
readiness-none = دست‌کم به یک پرسش پاسخ دهید.

readiness-needs = نیازسنجی
readiness-needs-question = می‌دانید از پیوند چه می‌خواهید؟
readiness-needs-0 = درباره‌اش حرف نزده‌ایم.
readiness-needs-1 = هر کس چیز دیگری می‌خواهد.
readiness-needs-2 = کمابیش می‌دانیم، ولی چیزی ننوشته‌ایم.
readiness-needs-3 = گرفتاری‌های اصلی را نوشته‌ایم.
readiness-needs-4 = هر واحد نیازش را گفته و می‌دانیم کدام مهم‌تر است.
readiness-needs-plan = همین هفته از هر واحد بپرسید کدام گرفتاری با مشتری بیشترین هزینه را دارد. سه موردی را که بیشتر تکرار شد بنویسید و فقط بخش‌های لازم را روشن کنید.

readiness-culture = فرهنگ
readiness-culture-question = در سازمان شما مشتری کارِ کیست؟
readiness-culture-0 = فقط فروشنده‌ها.
readiness-culture-1 = فروش و یکی دو واحد دیگر.
readiness-culture-2 = همه می‌گویند کارِ همه است، ولی کمتر کسی انجام می‌دهد.
readiness-culture-3 = بیشتر واحدها سهم خودشان را می‌دانند.
readiness-culture-4 = کارِ همه است، حتی مالی و انبار.
readiness-culture-plan = از هر واحد، مالی و انبار هم، بخواهید هر روز یک گفت‌وگو با مشتری ثبت کند. در جلسه‌ی هفتگی یک نمونه‌ی خوب و یک نمونه‌ی بد را بخوانید.

readiness-strategy = تجربه و راهبرد
readiness-strategy-question = چقدر تجربه دارید که برای مشتری با برنامه کار کنید؟
readiness-strategy-0 = هیچ، روز به روز کار می‌کنیم.
readiness-strategy-1 = یک بار نرم‌افزاری آوردیم و رهایش کردیم.
readiness-strategy-2 = فایل اکسل داریم، برنامه نداریم.
readiness-strategy-3 = برنامه داریم و بخشی از آن را اجرا می‌کنیم.
readiness-strategy-4 = برنامه‌ی نوشته داریم و نتیجه‌اش را می‌سنجیم.
readiness-strategy-plan = کوچک شروع کنید: یک واحد، صد مشتری مهم، یک ماه. پیش از شروع بنویسید از کجا می‌فهمید که کمک کرده است.

readiness-fear = نگرانی
readiness-fear-question = همکاران درباره‌ی چنین نرم‌افزاری چه حسی دارند؟
readiness-fear-0 = می‌ترسند زیر نظر باشند یا جایشان را بگیرد.
readiness-fear-1 = خیلی‌ها نمی‌خواهندش.
readiness-fear-2 = منتظرند ببینند چه می‌شود.
readiness-fear-3 = بیشترشان همراه‌اند.
readiness-fear-4 = خودشان خواسته‌اند.
readiness-fear-plan = پیش از شروع بگویید چه چیزی ثبت می‌شود و به چه کاری نمی‌آید. بگذارید دو نفر که همکاران قبولشان دارند زودتر شروع کنند و تجربه‌شان را بگویند.

readiness-cost = هزینه
readiness-cost-question = دستگاه، وقت و آموزش فراهم است؟
readiness-cost-0 = هیچ‌کدام فراهم نیست.
readiness-cost-1 = دستگاه هست، وقت یادگیری نیست.
readiness-cost-2 = کنار کار یاد می‌گیرند.
readiness-cost-3 = وقتش هست و کسی هست که از او بپرسند.
readiness-cost-4 = دستگاه، وقت و آموزش همه برنامه دارد.
readiness-cost-plan = در هفته‌ی نخست به هر نفر دو ساعت فقط برای یادگیری بدهید و یک نفر را معرفی کنید که همه بتوانند از او بپرسند.

readiness-islands = جزیره‌های جدا
readiness-islands-question = امروز دانسته‌های شما درباره‌ی مشتری کجاست؟
readiness-islands-0 = در دفتر و ذهن آدم‌ها.
readiness-islands-1 = هر واحد فهرست خودش را دارد.
readiness-islands-2 = در چند نرم‌افزار که با هم نمی‌خوانند.
readiness-islands-3 = بیشترش در یک جاست.
readiness-islands-4 = در یک جا که همه‌ی واحدها از آن استفاده می‌کنند.
readiness-islands-plan = نخست بزرگ‌ترین فهرست را وارد کنید، سپس فهرست واحدهای دیگر را؛ تکراری‌ها همان‌جا نشان داده می‌شود. پس از آن کسی فهرست جدا نگه ندارد.
