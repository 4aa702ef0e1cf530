# Problems of an input that any form may have.
input-needed = املأ هذا الحقل.
input-form = تعذّرت قراءة هذا الطلب: { $detail }
input-range = اكتب عددًا من { $min } إلى { $max }.
input-choice = هذا الخيار ليس في القائمة. اختر أحد الخيارات.
input-cursor = عنوان الصفحة التالية غير صحيح. ابدأ من الصفحة الأولى.
organisation-zone-unknown = هذه المنطقة الزمنية غير معروفة. اكتب اسمًا مثل Asia/Riyadh.
organisation-country-unknown = رمز البلد حرفان لاتينيان، مثل SA.
organisation-hijri-shift = لا يُقبل إلا −١ أو ٠ أو ١.
terms-list-unknown = لا توجد قائمة بهذا الاسم.
