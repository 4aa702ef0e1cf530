# Relations between customers, and acts on many of them.
bulk-too-many = این گزینش بیش از { $max } مشتری دارد. پالایه را تنگ‌تر کنید.
bulk-owner-unknown = چنین همکاری نیست یا در دسترس شما نیست.
relations-until-before = پایان رابطه پیش از آغاز آن است. تاریخ‌ها را بازبینی کنید.
relations-to-oneself = رابطه با خود مشتری ثبت نمی‌شود. مشتری دیگری را برگزینید.
relations-there = این رابطه پیش‌تر ثبت شده است.
relations-inverse-parent-of = فرزندِ
relations-inverse-employee-of = کارفرمای
relations-inverse-manager-of = زیردستِ
relations-inverse-buyer-for = خریدار او:
relations-inverse-introduced-by = معرّفِ
relations-inverse-supplier-of = مشتریِ
relations-inverse-branch-of = سازمان مادرِ
