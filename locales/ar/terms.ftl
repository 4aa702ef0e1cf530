# The ready-made words of the lists: term-LIST-WORD.

term-reason-question = استفسار
term-reason-purchase = شراء
term-reason-price = سؤال عن السعر
term-reason-support = دعم
term-reason-complaint = شكوى
term-reason-praise = شكر
term-reason-visit = زيارة
term-reason-payment = دفع
term-reason-follow-up = متابعة
term-reason-courtesy = مجاملة
term-reason-other = أخرى

term-origin-website = الموقع
term-origin-instagram = إنستغرام
term-origin-telegram = تيليغرام
term-origin-advertisement = إعلان
term-origin-recommendation = توصية
term-origin-exhibition = معرض
term-origin-walk-in = حضور مباشر
term-origin-our-call = اتصال منّا
term-origin-message = رسالة
term-origin-other = أخرى

term-result-answered = أجاب
term-result-no-answer = لم يُجب
term-result-interested = مهتم
term-result-bought = اشترى
term-result-will-decide = سيقرّر لاحقًا
term-result-not-interested = غير مهتم
term-result-solved = حُلّت المشكلة
term-result-needs-follow-up = يحتاج متابعة
term-result-complaint-open = الشكوى مفتوحة
term-result-wrong-number = رقم خاطئ

term-source-recommendation = توصية
term-source-instagram = إنستغرام
term-source-website = الموقع
term-source-search = بحث الإنترنت
term-source-advertisement = إعلان
term-source-exhibition = معرض
term-source-walk-in = زائر عابر
term-source-import = من ملف
term-source-other = أخرى

term-trait-quality-first = الجودة قبل السعر
term-trait-price-first = السعر قبل الجودة
term-trait-quick-decision = قرار سريع
term-trait-careful-decision = يقرّر بتأنٍّ
term-trait-formal = رسمي
term-trait-friendly = ودود
term-trait-prefers-writing = يفضّل الكتابة
term-trait-prefers-calls = يفضّل الاتصال
term-trait-dislikes-crowds = لا يحب الزحام
term-trait-detail-minded = يهتم بالتفاصيل

term-taste-modern = عصري
term-taste-classic = كلاسيكي
term-taste-local-products = منتجات محلية
term-taste-imported-products = منتجات مستوردة
term-taste-gifts = شراء الهدايا
term-taste-novelties = الجديد

term-expectation-fast-delivery = توصيل سريع
term-expectation-after-sales = خدمة ما بعد البيع
term-expectation-regular-news = أخبار منتظمة
term-expectation-personal-contact = شخص واحد للتواصل
term-expectation-warranty = ضمان
term-expectation-instalments = تقسيط

term-need-spare-parts = قطع غيار
term-need-training = تدريب
term-need-repair = تصليح
term-need-new-product = منتج جديد
term-need-lower-price = سعر أقل
term-need-delivery = توصيل
term-need-consultation = استشارة

term-honorific-mr = السيد
term-honorific-ms = السيدة
term-honorific-dr = الدكتور
term-honorific-engineer = المهندس
term-honorific-professor = الأستاذ
term-honorific-haj-mr = الحاج
term-honorific-haj-ms = الحاجة
term-honorific-sayyid = السيّد الشريف

term-education-school = دون الثانوية
term-education-diploma = ثانوية
term-education-associate = دبلوم
term-education-bachelor = بكالوريوس
term-education-master = ماجستير
term-education-doctor = دكتوراه

term-income_band-low = منخفض
term-income_band-middle = متوسط
term-income_band-upper-middle = فوق المتوسط
term-income_band-high = مرتفع

term-relation-spouse = زوج
term-relation-parent-of = والد
term-relation-sibling = أخ أو أخت
term-relation-relative = قريب
term-relation-friend = صديق
term-relation-employee-of = موظف لدى
term-relation-manager-of = مدير
term-relation-buyer-for = مشترٍ لصالح
term-relation-introduced-by = عرّفه
term-relation-partner = شريك
term-relation-supplier-of = مورّد
term-relation-branch-of = فرع

term-role-prospect = محتمل
term-role-customer = عميل
term-role-supplier = مورّد
term-role-partner = شريك
term-role-ended = منتهٍ

term-gender-female = أنثى
term-gender-male = ذكر
term-gender-other = آخر

term-stance-friend = صديق لنا
term-stance-neutral = محايد
term-stance-mixed = متردّد
term-stance-enemy = معارض لنا

term-channel-mobile = الجوال
term-channel-phone = الهاتف
term-channel-sms = رسالة نصية
term-channel-email = البريد
term-channel-whatsapp = واتساب
term-channel-telegram = تيليغرام
term-channel-instagram = إنستغرام
term-channel-eitaa = إيتا
term-channel-bale = بله
term-channel-rubika = روبيكا
term-channel-shop = المتجر
term-channel-website = الموقع
term-channel-web = الويب
term-channel-fax = فاكس
term-channel-in-person = حضوري
term-channel-visit = زيارة
term-channel-letter = رسالة بريدية
term-channel-note = ملاحظة
term-channel-other = أخرى

term-direction-inbound = وارد
term-direction-outbound = صادر

term-consent-unknown = لم يُسأل
term-consent-given = موافق
term-consent-withdrawn = سُحبت

term-importance-low = منخفضة
term-importance-normal = عادية
term-importance-high = عالية

term-confidence-low = ثقة منخفضة
term-confidence-medium = ثقة متوسطة
term-confidence-high = ثقة عالية

term-preference-preference = تفضيل
term-preference-taste = ذوق
term-preference-expectation = توقّع
term-preference-need = حاجة
term-preference-trait = سمة
