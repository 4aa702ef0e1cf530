# The ways of keeping in touch with a customer.
reach = طرق التواصل
reach-best-both = أفضل طريق: { $channel }، { $hours }.
reach-best-channel = أفضل طريق: { $channel }.
reach-best-hours = أفضل وقت: { $hours }.
reach-not-enough = بيانات غير كافية بعد: يلزم { $needed } محاولات بطريق واحد عُرفت نتيجتها.
reach-said = قالوا إنهم يفضلون:
reach-way = الطريق والوقت
reach-share = تمّ الوصول
reach-best = الأفضل
reach-few = قليل
reach-counted = { $reached } من { $tries }
reach-hours-morning = صباحًا (٦ إلى ١٢)
reach-hours-noon = ظهرًا (١٢ إلى ١٥)
reach-hours-afternoon = عصرًا (١٥ إلى ١٨)
reach-hours-evening = مساءً (١٨ إلى ٢٢)
reach-hours-night = ليلًا
reach-how = من آخر ٣٠٠ اتصال بدأناه وعُرفت نتيجته: كم مرة وصلنا إليهم، مع مجال ٩٥٪ (ويلسون). وتُقارن الطرق بإضافة خمس محاولات بمتوسط العميل نفسه، كيلا يكون اثنان من اثنين خيرًا من تسعة من عشرة. والمتابعة التي تُكتب بلا طريق تأخذ ما قالوا إنهم يفضلونه، وإلا فالأفضل.
