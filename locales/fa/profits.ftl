# What customers cost beside what they bring: problems and the history.
profits-goods-unknown = تا نگویید کالا برای خودتان چقدر تمام می‌شود، سود همان فروش است. سهم کالا از قیمت را در نرخ‌ها بنویسید.
profits-days-order = روز آغاز پس از روز پایان است. جای آن‌ها را عوض کنید.
profits-expiry = روزی از امروز تا یک سال دیگر را بنویسید.
costs-negative = هزینه منفی نمی‌شود. مبلغ را بی‌علامت بنویسید.
costs-source-of-customer = این هزینه از یک مشتری است؛ یا مشتری را خالی بگذارید یا راه آشنایی را.
costs-nothing = مبلغ یا دقیقه‌های کار را بنویسید.
cost-rates-time-sum = سهم‌های زمان روی هم از ۱۰۰٪ بیشتر است. یکی از آن‌ها را کم کنید.
event-cost-added = هزینه ثبت شد
event-cost-removed = هزینه حذف شد
event-cost-restored = هزینه برگردانده شد
event-cost-rate-changed = نرخ هزینه تغییر کرد
event-profit-decided = درباره‌ی سود مشتری تصمیم گرفته شد
event-profit-refresh-asked = محاسبه‌ی دوباره‌ی سود مشتریان خواسته شد
cost-rates-tiers-all = مرز هر سه رده را بنویسید، یا هر سه را خالی بگذارید.
cost-rates-tiers-order = این مرز باید از مرز رده‌ی بهتر کمتر باشد.
