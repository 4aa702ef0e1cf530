# Purchases.
purchases-lines-too-many = یک فاکتور تا { $max } ردیف می‌گیرد. فاکتور بلندتر را از فایل وارد کنید.
purchases-currency-unknown = این واحد پول شناخته نیست. کد سه‌حرفی آن را بنویسید، مانند IRR.
purchases-invoice-taken = فاکتوری با این شماره پیش‌تر ثبت شده است. شماره را بررسی کنید.
