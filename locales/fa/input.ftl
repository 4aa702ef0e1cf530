# Problems of an input that any form may have.
input-needed = این قسمت را پر کنید.
input-form = این درخواست خوانده نشد: { $detail }
input-range = عددی از { $min } تا { $max } بنویسید.
input-choice = این گزینه در فهرست نیست. یکی از گزینه‌ها را انتخاب کنید.
input-cursor = نشانی صفحه‌ی بعد درست نیست. از صفحه‌ی نخست دوباره بروید.
organisation-zone-unknown = این منطقه‌ی زمانی شناخته نیست. نامی مانند Asia/Tehran بنویسید.
organisation-country-unknown = کد کشور دو حرف لاتین است، مانند IR.
organisation-hijri-shift = تنها ۱−، ۰ یا ۱ پذیرفته است.
terms-list-unknown = چنین فهرستی نیست.
