# Relations between customers, and acts on many of them.
bulk-too-many = يشمل هذا الاختيار أكثر من { $max } عميل. ضيّقوا التصفية.
bulk-owner-unknown = لا يوجد زميل كهذا أو ليس في متناولكم.
relations-until-before = نهاية الصلة قبل بدايتها. راجعوا التاريخين.
relations-to-oneself = لا تُسجَّل صلة العميل بنفسه. اختاروا عميلًا آخر.
relations-there = هذه الصلة مسجَّلة من قبل.
relations-inverse-parent-of = ابن أو ابنة
relations-inverse-employee-of = صاحب عمل
relations-inverse-manager-of = مرؤوس
relations-inverse-buyer-for = يشتري له
relations-inverse-introduced-by = عرّف بنا
relations-inverse-supplier-of = عميل لدى
relations-inverse-branch-of = المنشأة الأم لـ
