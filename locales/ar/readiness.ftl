# العوائق الستة. ٠ أكبر عائق، و٤ بلا عائق.
readiness-twice = أُجيب عن هذا السؤال مرتين.
readiness-none = أجيبوا عن سؤال واحد على الأقل.

readiness-needs = تحديد الاحتياجات
readiness-needs-question = هل تعرفون ما تريدونه من بيوند؟
readiness-needs-0 = لم نتحدث عن ذلك.
readiness-needs-1 = لكل واحد رأي آخر.
readiness-needs-2 = لدينا فكرة، لكنها غير مكتوبة.
readiness-needs-3 = كتبنا مشكلاتنا الرئيسية.
readiness-needs-4 = ذكرت كل وحدة حاجتها، ونعرف الأهم منها.
readiness-needs-plan = اسألوا كل وحدة هذا الأسبوع عن أكثر مشكلة مع العملاء كلفة. اكتبوا المشكلات الثلاث الأكثر تكرارًا، وشغّلوا ما يجيب عنها فقط.

readiness-culture = الثقافة
readiness-culture-question = من المعني بالعميل في مؤسستكم؟
readiness-culture-0 = البائعون فقط.
readiness-culture-1 = المبيعات ووحدة أو وحدتان.
readiness-culture-2 = الكل يقول ذلك، والقليل يعمل به.
readiness-culture-3 = معظم الوحدات تعرف دورها.
readiness-culture-4 = الجميع، حتى المالية والمستودع.
readiness-culture-plan = اطلبوا من كل وحدة، ومنها المالية والمستودع، تسجيل محادثة واحدة مع عميل كل يوم. اقرؤوا في الاجتماع الأسبوعي مثالًا جيدًا وآخر سيئًا.

readiness-strategy = الخبرة والاستراتيجية
readiness-strategy-question = ما خبرتكم في العمل مع العملاء وفق خطة؟
readiness-strategy-0 = لا خبرة، نعمل يومًا بيوم.
readiness-strategy-1 = جرّبنا برنامجًا مرة ثم تركناه.
readiness-strategy-2 = لدينا جداول بلا خطة.
readiness-strategy-3 = لدينا خطة وننفذ جزءًا منها.
readiness-strategy-4 = لدينا خطة مكتوبة ونقيس نتائجها.
readiness-strategy-plan = ابدؤوا صغيرًا: وحدة واحدة، وأهم مئة عميل، وشهر واحد. حددوا قبل البدء كيف ستعرفون أنها نفعت.

readiness-fear = المخاوف
readiness-fear-question = كيف ينظر زملاؤكم إلى برنامج كهذا؟
readiness-fear-0 = يخافون من المراقبة أو الاستبدال.
readiness-fear-1 = كثيرون لا يريدونه.
readiness-fear-2 = ينتظرون ليروا.
readiness-fear-3 = معظمهم مستعد.
readiness-fear-4 = هم من طلبوه.
readiness-fear-plan = أخبروا الجميع قبل البدء بما يُسجَّل وبما لا يُستخدم له. ليبدأ شخصان يثق بهما الزملاء ثم يتحدثا عن تجربتهما.

readiness-cost = الكلفة
readiness-cost-question = هل الأجهزة والوقت والتدريب متوافرة؟
readiness-cost-0 = لا شيء متوافر.
readiness-cost-1 = الأجهزة موجودة، ولا وقت للتعلّم.
readiness-cost-2 = يتعلمون إلى جانب العمل.
readiness-cost-3 = يوجد وقت، ويوجد من يُسأل.
readiness-cost-4 = الأجهزة والوقت والتدريب ضمن الخطة.
readiness-cost-plan = امنحوا كل شخص ساعتين في الأسبوع الأول للتعلّم وحده، وسمّوا شخصًا يسأله الجميع.

readiness-islands = الجزر المنعزلة
readiness-islands-question = أين توجد معرفتكم بالعملاء اليوم؟
readiness-islands-0 = في الأذهان والدفاتر.
readiness-islands-1 = لكل وحدة قائمتها.
readiness-islands-2 = في برامج عدة لا تتطابق.
readiness-islands-3 = معظمها في مكان واحد.
readiness-islands-4 = في مكان واحد تستخدمه كل الوحدات.
readiness-islands-plan = استوردوا القائمة الأكبر أولًا، ثم قوائم الوحدات الأخرى؛ وتظهر المكررات أثناء ذلك. بعدها لا يحتفظ أحد بقائمة خاصة.
