# The ready-made words of the lists: term-LIST-WORD.

term-reason-question = پرسش
term-reason-purchase = خرید
term-reason-price = پرسش قیمت
term-reason-support = پشتیبانی
term-reason-complaint = شکایت
term-reason-praise = تشکر
term-reason-visit = بازدید
term-reason-payment = پرداخت
term-reason-follow-up = پیگیری
term-reason-courtesy = احوال‌پرسی
term-reason-other = سایر

term-origin-website = وب‌سایت
term-origin-instagram = اینستاگرام
term-origin-telegram = تلگرام
term-origin-advertisement = تبلیغات
term-origin-recommendation = معرفی دیگران
term-origin-exhibition = نمایشگاه
term-origin-walk-in = مراجعه‌ی حضوری
term-origin-our-call = تماس ما
term-origin-message = پیام
term-origin-other = سایر

term-result-answered = پاسخ داد
term-result-no-answer = پاسخ نداد
term-result-interested = علاقه‌مند است
term-result-bought = خرید کرد
term-result-will-decide = فکر می‌کند
term-result-not-interested = علاقه‌ای ندارد
term-result-solved = حل شد
term-result-needs-follow-up = پیگیری می‌خواهد
term-result-complaint-open = شکایت باز ماند
term-result-wrong-number = شماره اشتباه بود

term-source-recommendation = معرفی دیگران
term-source-instagram = اینستاگرام
term-source-website = وب‌سایت
term-source-search = جست‌وجوی اینترنت
term-source-advertisement = تبلیغات
term-source-exhibition = نمایشگاه
term-source-walk-in = رهگذر
term-source-import = از فایل آمده
term-source-other = سایر

term-trait-quality-first = کیفیت مهم‌تر از قیمت
term-trait-price-first = قیمت مهم‌تر از کیفیت
term-trait-quick-decision = تصمیم سریع
term-trait-careful-decision = با دقت تصمیم می‌گیرد
term-trait-formal = رسمی
term-trait-friendly = صمیمی
term-trait-prefers-writing = نوشتن را ترجیح می‌دهد
term-trait-prefers-calls = تماس را ترجیح می‌دهد
term-trait-dislikes-crowds = از شلوغی بیزار
term-trait-detail-minded = اهل جزئیات

term-taste-modern = مدرن
term-taste-classic = کلاسیک
term-taste-local-products = کالای ایرانی و محلی
term-taste-imported-products = کالای خارجی
term-taste-gifts = هدیه خریدن
term-taste-novelties = تازه‌ها

term-expectation-fast-delivery = تحویل سریع
term-expectation-after-sales = خدمات پس از فروش
term-expectation-regular-news = باخبر ماندن
term-expectation-personal-contact = یک نفر ثابت پاسخ‌گو
term-expectation-warranty = ضمانت
term-expectation-instalments = خرید قسطی

term-need-spare-parts = قطعه‌ی یدکی
term-need-training = آموزش
term-need-repair = تعمیر
term-need-new-product = کالای تازه
term-need-lower-price = قیمت کمتر
term-need-delivery = ارسال
term-need-consultation = مشاوره

term-honorific-mr = آقای
term-honorific-ms = خانم
term-honorific-dr = دکتر
term-honorific-engineer = مهندس
term-honorific-professor = استاد
term-honorific-haj-mr = حاج آقا
term-honorific-haj-ms = حاج خانم
term-honorific-sayyid = سید

term-education-school = زیر دیپلم
term-education-diploma = دیپلم
term-education-associate = کاردانی
term-education-bachelor = کارشناسی
term-education-master = کارشناسی ارشد
term-education-doctor = دکتری

term-income_band-low = کم
term-income_band-middle = متوسط
term-income_band-upper-middle = بالاتر از متوسط
term-income_band-high = زیاد

term-relation-spouse = همسر
term-relation-parent-of = پدر یا مادرِ
term-relation-sibling = خواهر یا برادر
term-relation-relative = خویشاوند
term-relation-friend = دوست
term-relation-employee-of = کارمندِ
term-relation-manager-of = مدیرِ
term-relation-buyer-for = مأمور خریدِ
term-relation-introduced-by = معرفی‌شده از سوی
term-relation-partner = شریک
term-relation-supplier-of = تأمین‌کننده‌ی
term-relation-branch-of = شعبه‌ی

term-role-prospect = احتمالی
term-role-customer = مشتری
term-role-supplier = تأمین‌کننده
term-role-partner = همکار
term-role-ended = پایان‌یافته

term-gender-female = زن
term-gender-male = مرد
term-gender-other = دیگر

term-stance-friend = دوست ما
term-stance-neutral = بی‌طرف
term-stance-mixed = دودل
term-stance-enemy = مخالف ما

term-channel-mobile = همراه
term-channel-phone = تلفن
term-channel-sms = پیامک
term-channel-email = ایمیل
term-channel-whatsapp = واتساپ
term-channel-telegram = تلگرام
term-channel-instagram = اینستاگرام
term-channel-eitaa = ایتا
term-channel-bale = بله
term-channel-rubika = روبیکا
term-channel-shop = فروشگاه
term-channel-website = وب‌سایت
term-channel-web = وب
term-channel-fax = فکس
term-channel-in-person = حضوری
term-channel-visit = بازدید
term-channel-letter = نامه
term-channel-note = یادداشت
term-channel-other = سایر

term-direction-inbound = ورودی
term-direction-outbound = خروجی

term-consent-unknown = پرسیده نشده
term-consent-given = رضایت داده
term-consent-withdrawn = پس گرفته

term-importance-low = کم
term-importance-normal = معمولی
term-importance-high = زیاد

term-confidence-low = اطمینان کم
term-confidence-medium = اطمینان متوسط
term-confidence-high = اطمینان زیاد

term-preference-preference = ترجیح
term-preference-taste = سلیقه
term-preference-expectation = انتظار
term-preference-need = نیاز
term-preference-trait = ویژگی
