# What is bought together in one purchase.
insight-rules-share = سهمی بیشتر از ۰ و تا ۱ وارد کنید.
insight-rules-too-many = ترکیب‌های پرتکرار بیش از آن‌اند که بتوان همه را دید. پشتیبان (support) بزرگ‌تری بخواهید.
insight-rules-too-long = { $lines } سطر خرید از { $most } سطر بیشتر است. روزهای کمتری بخواهید.
