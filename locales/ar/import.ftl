# استيراد الملفات

import-file-unreadable = تعذّر فتح الملف: { $detail }. تأكّد من وجوده ومن أنه غير مفتوح في برنامج آخر، ثم اختره من جديد.
import-file-empty = لا يوجد أي صف في هذا الملف. تأكّد من أنه الملف الصحيح، أو اختر الورقة التي فيها الجدول.
import-file-not-a-table = هذا الملف ليس جدولًا. احفظه بصيغة ‎.xlsx أو CSV ثم استورد الملف المحفوظ.
import-file-web-page = هذه صفحة ويب باسم جدول. افتحها في إكسل أو ليبر أوفيس واحفظها بصيغة ‎.xlsx ثم استورد الملف المحفوظ.
import-file-old-excel = هذا الملف بصيغة إكسل قديمة أو ثنائية. افتحه واحفظه بصيغة ‎.xlsx أو CSV.
import-file-encrypted = هذا الملف محمي بكلمة مرور. أزل كلمة المرور في إكسل واحفظه ثم استورده من جديد.
import-file-other-archive = في هذا الملف المضغوط شيء غير جدول واحد. فكّ ضغطه واستورد ملف ‎.xlsx أو CSV الذي بداخله.
import-file-damaged = الملف تالف أو ناقص ({ $detail }). افتحه في البرنامج الذي أنشأه واحفظه من جديد بصيغة ‎.xlsx أو CSV ثم أعد المحاولة.
import-file-bomb = حجم هذا الملف بعد فك الضغط أكبر بكثير مما يحتمله جدول بحجمه، لذلك لم يُقرأ. إن كان الملف سليمًا فاحفظه بصيغة CSV واستورده.
import-file-too-many-strings = نصوص هذا الملف أكثر من أن تُقرأ دفعة واحدة. احفظ الورقة بصيغة CSV واستوردها.
import-file-too-many-columns = في الجدول { $found } عمودًا، ولا يُقرأ أكثر من { $most }. احذف الأعمدة التي لا تحتاج إليها ثم أعد المحاولة.
import-file-no-such-sheet = لا توجد ورقة باسم «{ $name }». أوراق الملف: { $sheets }.
import-file-unknown-encoding = «{ $name }» ليس اسم ترميز. اتركه فارغًا ليُعرف تلقائيًا، أو اكتب مثلًا utf-8 أو windows-1256 أو utf-16le.
import-file-changed = تغيّر الملف منذ بدء الاستيراد ولا يمكن المتابعة من حيث توقّف. تراجع عن هذا الاستيراد وابدأ من جديد بالملف الجديد.

import-row-too-long = هذا الصف طويل جدًا ({ $bytes } بايت). تحقّق من وجود فاصل سطر مفقود، أو اختصر نصوصه.
import-row-too-many-cells = في الصف { $found } خلية وليس في الجدول سوى { $columns } عمودًا. ضع الخلية التي فيها علامة الفصل بين علامتي تنصيص، أو احذف الخلايا الزائدة.
import-row-cell-too-long = النص في عمود «{ $column }» طويل جدًا ({ $characters } حرفًا). اختصره.
import-row-not-text = في هذا الصف رموز لا يمكن قراءتها. احفظ الملف بترميز UTF-8 واستورد هذا الصف من جديد.
import-row-unclosed-quote = في هذا الصف علامة تنصيص مفتوحة لم تُغلق. أضف علامة الإغلاق أو احذف علامة الفتح.
import-row-formula-error = الصيغة في عمود «{ $column }» تُظهر { $error }. صحّحها أو اكتب القيمة نفسها.

import-header-duplicate = يوجد أكثر من عمود باسم «{ $name }»؛ يظهر اللاحق باسم «{ $renamed }».
import-header-unnamed = العمود { $column } بلا اسم ويظهر برقمه.
import-header-title-rows = تُركت { $rows } من الصفوف فوق الجدول لأنها عنوانه.
import-header-none = لا يبدو الصف الأول أسماءَ أعمدة، لذلك عُدّ من البيانات وتظهر الأعمدة بأرقامها.

import-map-no-field = لا يحدّد «{ $entry }» أي حقل. اكتب «عمود=حقل»، وضع اسم العمود الذي فيه فاصلة بين علامتي تنصيص.
import-map-unclosed-quote = في خريطة الأعمدة علامة تنصيص لم تُغلق. أغلقها بعد اسم العمود.
import-map-unknown-column = ليس في الملف عمود باسم «{ $name }». أعمدة الملف: { $columns }.
import-map-unknown-column-nearest = ليس في الملف عمود باسم «{ $name }». هل تقصد «{ $nearest }»؟ أعمدة الملف: { $columns }.
import-map-unknown-field = لا يوجد حقل باسم «{ $name }». الحقول: { $fields }.
import-map-unknown-field-nearest = لا يوجد حقل باسم «{ $name }». هل تقصد «{ $nearest }»؟ الحقول: { $fields }.
import-map-column-twice = ورد العمود «{ $name }» مرتين. أبقِ واحدًا منهما.
import-map-field-twice = عُيّن عمودان للحقل «{ $field }» وهو لا يقبل إلا قيمة واحدة. أبقِ واحدًا منهما.
import-map-no-known-column = لم يُعرف أي عمود من أعمدة هذا الملف، فلا شيء يُستورد. أعمدة الملف: { $columns }. حدّد لعمود واحد على الأقل حقله: { $fields }.

import-map-unknown = لا توجد خريطة محفوظة باسم «{ $name }» لهذا النوع من الملفات.
import-map-field-missing = يحتاج مثل هذا الملف إلى عمود لـ: { $fields }. حدّد أي عمود هو.

import-user-unknown = لا يعمل هنا أحد باسم «{ $name }». اكتب الاسم أو البريد كما في الإعدادات، أو اترك الخلية فارغة.
import-kind-unknown = «{ $word }» غير مفهوم. اكتب شخص أو شركة.
import-role-unknown = «{ $word }» غير مفهوم. اكتب محتمل أو عميل أو مورد أو شريك أو منتهٍ.
import-yes-no-unknown = «{ $word }» غير مفهوم. اكتب نعم أو لا.
import-amount-needed = لا مبلغ ولا سعر في هذا الصف. املأ أحدهما.
import-duration-unknown = هذه ليست مدة. اكتبها دقائق:ثوانٍ، مثل 5:30.
import-date-future = هذا اليوم في المستقبل. صحّحه.
import-date-too-old = هذا اليوم قبل سنة 1900. راجع السنة وتقويم العمود.
import-currency-unknown = «{ $word }» ليست عملة. اكتب رمزها مثل SAR أو USD، أو IRT للتومان.
import-two-parties = يدل هذا الصف على عميلين مختلفين. صحّح الرقم الذي لا يخص هذا العميل.
import-party-out-of-sight = هذا العميل موجود ويتبع موظفًا آخر. اسأل المدير.
import-party-not-there = لا أحد معروف بهذه الأرقام، والمطلوب تعديل العملاء الموجودين فقط.
import-customer-out-of-sight = هذا العميل يتبع موظفًا آخر. اسأل المدير.
import-customer-several = أكثر من عميل يطابق «{ $customer }». اكتب رقمًا لا يملكه إلا واحد منهم.
import-customer-unknown = لا أحد معروف باسم «{ $customer }»، ولم يكن مطلوبًا إضافة عملاء جدد.
import-invoice-other-customer = رقم الفاتورة هذا مسجل لعميل آخر. راجع الرقم والعميل.
import-invoice-other-currency = رقم الفاتورة هذا مسجل بعملة أخرى. راجع الرقم والعملة.

import-started-before = بدأ هذا الاستيراد من قبل.
import-not-running = هذا الاستيراد لا يعمل الآن.
import-not-to-undo = لا يمكن التراجع إلا عن استيراد انتهى أو أوقف، ولمرة واحدة.
import-in-work = يجري العمل على هذا الاستيراد الآن، هنا أو في نافذة أخرى.
