# Problems of an input that any form may have.
input-needed = املؤوا هذا الحقل.
input-form = تعذّرت قراءة هذا الطلب: { $detail }
input-range = اكتبوا عددًا من { $min } إلى { $max }.
input-choice = هذا الخيار ليس في القائمة. اختاروا أحد الخيارات.
input-cursor = عنوان الصفحة التالية غير صحيح. ابدؤوا من الصفحة الأولى.
organisation-zone-unknown = هذه المنطقة الزمنية غير معروفة. اكتبوا اسمًا مثل Asia/Riyadh.
organisation-country-unknown = رمز البلد حرفان لاتينيان، مثل SA.
organisation-hijri-shift = لا يُقبل إلا −١ أو ٠ أو ١.
terms-list-unknown = لا توجد قائمة بهذا الاسم.
