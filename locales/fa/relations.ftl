# Relations between customers, and acts on many of them.
bulk-too-many = بیش از { $max } مشتری انتخاب شده است. فیلتر را محدودتر کنید.
bulk-owner-unknown = چنین همکاری نیست یا در دسترس شما نیست.
relations-until-before = پایان پیوند پیش از آغاز آن است. تاریخ‌ها را بررسی کنید.
relations-to-oneself = پیوند مشتری با خودش ثبت نمی‌شود. مشتری دیگری را انتخاب کنید.
relations-there = این پیوند پیش‌تر ثبت شده است.
relations-inverse-parent-of = فرزندِ
relations-inverse-employee-of = کارفرمای
relations-inverse-manager-of = زیردستِ
relations-inverse-buyer-for = برایش خرید می‌کند
relations-inverse-introduced-by = معرّفِ
relations-inverse-supplier-of = مشتریِ
relations-inverse-branch-of = سازمان مادرِ
