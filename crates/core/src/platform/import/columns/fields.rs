//! What a file may bring: its kinds, the fields of each, and the words that columns are named by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

peyvand_db::words! {
    /// What the rows of a file are. The words are part of the command line and stay.
    pub enum Kind {
        /// People and organisations.
        Parties = "parties",
        /// Purchases, one line per item or per invoice.
        Purchases = "purchases",
        /// Calls, visits and messages.
        Interactions = "interactions",
    }
}

impl Kind {
    /// The fields that a file of this kind can have, in the order in which they are offered.
    pub fn fields(self) -> impl Iterator<Item = Field> {
        FIELDS.iter().filter(move |row| row.kinds.contains(&self)).map(|row| row.field)
    }
}

macro_rules! fields {
    ($($variant:ident $name:literal $([$($kind:ident)+] $words:literal)+;)+) => {
        /// Something a column of a file can hold. Its name is part of the command line and stays.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum Field {
            $(#[doc = concat!("`", $name, "`")] #[serde(rename = $name)] $variant,)+
        }

        pub(super) const FIELDS: &[FieldRow] = &[
            $($(FieldRow { field: Field::$variant, name: $name, kinds: &[$(Kind::$kind),+], words: $words },)+)+
        ];
    };
}

pub(super) struct FieldRow {
    pub(super) field: Field,
    pub(super) name: &'static str,
    pub(super) kinds: &'static [Kind],
    /// What people write above such a column in files of these kinds, in Persian, Arabic and English, separated by `|`.
    pub(super) words: &'static str,
}

fields! {
    Invoice "invoice" [Purchases] "فاکتور|شماره فاکتور|شماره صورتحساب|صورتحساب|شماره سفارش|سفارش|شناسه سفارش|کد سفارش|کد فاکتور|ش فاکتور|رقم الفاتورة|الفاتورة|رقم الطلب|الطلب|invoice no|invoice number|invoice id|inv no|order|order id|order no|order number|bill no|receipt|receipt no|transaction id|transaction";
    Date "date" [Purchases Interactions] "تاریخ|تاریخ فاکتور|تاریخ خرید|تاریخ سفارش|تاریخ ثبت|تاریخ فروش|تاریخ تماس|زمان|تاریخ و ساعت|تاریخ تراکنش|تاریخ شمسی|تاریخ میلادی|تاریخ پرداخت|التاريخ|تاريخ الفاتورة|تاريخ الشراء|تاريخ الطلب|تاريخ الاتصال|تاريخ البيع|invoice date|order date|purchase date|transaction date|sale date|call date|created at|created|datetime|date time|timestamp|time|day|when";
    Customer "customer" [Purchases Interactions] "مشتری|کد مشتری|شناسه مشتری|شماره مشتری|نام مشتری|موبایل مشتری|تلفن مشتری|طرف حساب|کد طرف حساب|خریدار|مخاطب|العميل|رقم العميل|كود العميل|اسم العميل|الزبون|رقم الزبون|المشتري|جوال العميل|هاتف العميل|customer id|customer no|customer number|customer code|customer name|customer phone|customer mobile|customer email|client|client id|client name|buyer|account|account id|contact|contact id|cust id|custid|party";
    Product "product" [Purchases] "کد کالا|کد محصول|شناسه کالا|شناسه محصول|بارکد|کالا|محصول|کد جنس|المنتج|رمز المنتج|كود المنتج|رقم المنتج|رقم الصنف|كود الصنف|الباركود|stock code|sku|product code|product id|item|item code|item id|item no|barcode|article|article no";
    ProductName "product_name" [Purchases] "نام کالا|نام محصول|شرح کالا|شرح|شرح محصول|عنوان کالا|عنوان محصول|اسم المنتج|اسم الصنف|وصف المنتج|الصنف|البيان|description|item name|item description|product description|product title|title";
    Category "category" [Purchases] "گروه کالا|دسته کالا|دسته بندی کالا|دسته|گروه محصول|دسته محصول|فئة المنتج|مجموعة الصنف|الفئة|product category|item category|item group|product group|category";
    Quantity "quantity" [Purchases] "تعداد|مقدار|تعداد کالا|الكمية|العدد|كمية|qty|count|units|number of items|number of cds|cds|pieces|pcs";
    UnitPrice "unit_price" [Purchases] "قیمت واحد|فی|قیمت|بهای واحد|مبلغ واحد|نرخ|سعر الوحدة|السعر|سعر|price|unit price|price per unit|rate|unit cost|price each";
    Amount "amount" [Purchases] "مبلغ|مبلغ کل|جمع|جمع کل|قیمت کل|بهای کل|مبلغ فاکتور|مبلغ نهایی|مبلغ خرید|قابل پرداخت|مبلغ قابل پرداخت|المبلغ|الإجمالي|المجموع|إجمالي المبلغ|القيمة|total|total amount|line total|sum|value|dollar value|dollars|grand total|subtotal|net amount|revenue|sales|order total|total price";
    Discount "discount" [Purchases] "تخفیف|مبلغ تخفیف|الخصم|خصم|مبلغ الخصم|التخفيض|discount amount|rebate";
    Currency "currency" [Purchases] "ارز|واحد پول|نوع ارز|العملة|عملة|currency code|curr";
    Country "country" [Purchases] "کشور|الدولة|البلد|nation|country name|country code";
    Channel "channel" [Purchases Interactions] "کانال|روش فروش|کانال فروش|روش ارتباط|راه ارتباط|راه تماس|نحوه تماس|القناة|قناة البيع|قناة الاتصال|وسيلة التواصل|sales channel|medium|contact method|via";
    Direction "direction" [Interactions] "جهت|جهت تماس|نوع تماس|ورودی خروجی|الاتجاه|اتجاه المكالمة|call direction|call type|inbound outbound|in out";
    Reason "reason" [Interactions] "علت|دلیل|موضوع|علت تماس|موضوع تماس|السبب|الموضوع|سبب الاتصال|subject|topic|purpose|call reason";
    Origin "origin" [Interactions] "مبدا|منشا|آغازگر|المصدر|المنشأ|initiator|initiated by|started by";
    Outcome "result" [Interactions] "نتیجه|نتیجه تماس|النتيجة|نتيجة المكالمة|outcome|call result|status|disposition";
    Duration "duration" [Interactions] "مدت|مدت تماس|مدت مکالمه|طول تماس|المدة|مدة المكالمة|call duration|length|minutes|seconds|talk time";
    Text "text" [Interactions] "متن|شرح|شرح تماس|توضیحات|توضیح|یادداشت|خلاصه|النص|الملاحظات|ملاحظات|الوصف|notes|note|comment|comments|description|summary|body|message|details";
    Staff "staff" [Interactions] "کارشناس|کارمند|مسئول|پاسخگو|ثبت کننده|اپراتور|کاربر|الموظف|المسؤول|المستخدم|agent|user|operator|employee|handled by|assigned to|owner|staff email";
    Name "name" [Parties] "نام|نام کامل|نام و نام خانوادگی|نام و فامیل|نام خانوادگی و نام|نام مشتری|نام طرف حساب|عنوان|الاسم|اسم|الاسم الكامل|اسم العميل|الاسم الرباعي|full name|fullname|customer name|client name|contact name|display name|party name|person";
    PartyKind "kind" [Parties] "نوع|نوع مشتری|نوع شخص|حقیقی حقوقی|شخصیت|النوع|نوع العميل|type|customer type|party type|entity type";
    FirstName "first_name" [Parties] "نام کوچک|اسم کوچک|الاسم الأول|الاسم الاول|first|firstname|given name|forename|fname";
    LastName "last_name" [Parties] "نام خانوادگی|فامیل|فامیلی|نام فامیل|شهرت|اسم العائلة|العائلة|اللقب|الاسم الأخير|الكنية|last|lastname|surname|family name|family|lname";
    Honorific "honorific" [Parties] "پیشوند|جناب|خطاب|لقب|آقا خانم|صفة المخاطبة|التحية|title|salutation|prefix";
    FatherName "father_name" [Parties] "نام پدر|اسم الأب|اسم الاب|father|fathers name|father name";
    Organisation "organisation" [Parties] "شرکت|نام شرکت|سازمان|نام سازمان|فروشگاه|نام فروشگاه|الشركة|اسم الشركة|المؤسسة|المنظمة|company|company name|organization|employer|business name|account name";
    NationalId "national_id" [Parties] "کد ملی|کدملی|شماره ملی|شماره شناسایی|رقم الهوية|الهوية|رقم الهوية الوطنية|الرقم القومي|الرقم الوطني|الهوية الوطنية|رقم الإقامة|national code|national number|national id number|nid|ssn|id number|identity number|emirates id|melli code|meli code";
    LegalId "legal_id" [Parties] "شناسه ملی|شناسه ملی شرکت|شناسه حقوقی|شماره ثبت|السجل التجاري|رقم السجل التجاري|الرقم الموحد|legal national id|company id|registration number|company number|cr number|trade licence";
    BirthDate "birth_date" [Parties] "تاریخ تولد|تولد|روز تولد|زادروز|ت تولد|تاريخ الميلاد|تاريخ الولادة|الميلاد|birthday|date of birth|dob|birth|born|birth day";
    Gender "gender" [Parties] "جنسیت|جنس|الجنس|sex";
    Job "job" [Parties] "شغل|سمت|حرفه|پیشه|المهنة|الوظيفة|العمل|occupation|profession|job title|position";
    Education "education" [Parties] "تحصیلات|مدرک|مدرک تحصیلی|التعليم|المؤهل|المؤهل العلمي|degree|education level";
    Mobile "mobile" [Parties] "موبایل|همراه|تلفن همراه|شماره همراه|شماره موبایل|گوشی|شماره تلفن همراه|الجوال|جوال|رقم الجوال|المحمول|الموبايل|رقم المحمول|الهاتف المحمول|النقال|mobile number|mobile phone|mobile no|cell|cell phone|cellphone|cellular|gsm|whatsapp|واتساپ";
    Phone "phone" [Parties] "تلفن|شماره تلفن|شماره تماس|تلفن ثابت|تلفن منزل|تلفن محل کار|تماس|شماره|الهاتف|هاتف|رقم الهاتف|التلفون|الهاتف الثابت|رقم الاتصال|telephone|tel|phone number|phone no|landline|home phone|work phone|office phone|contact number";
    Email "email" [Parties] "ایمیل|پست الکترونیک|پست الکترونیکی|رایانامه|آدرس ایمیل|البريد الإلكتروني|البريد|الإيميل|ايميل|e mail|mail|email address|e mail address";
    Province "province" [Parties] "استان|المحافظة|المنطقة|الإمارة|state|region|governorate|county";
    City "city" [Parties] "شهر|شهرستان|المدينة|مدينة|town";
    Address "address" [Parties] "آدرس|نشانی|محل سکونت|آدرس منزل|نشانی پستی|العنوان|عنوان السكن|street|street address|address line|home address|mailing address";
    PostalCode "postal_code" [Parties] "کد پستی|کدپستی|الرمز البريدي|صندوق البريد|postcode|post code|zip|zip code|zipcode";
    Code "code" [Parties] "کد|کد مشتری|کد اشتراک|شماره مشتری|شماره اشتراک|کد عضویت|شماره عضویت|رمز العميل|كود العميل|رقم العضوية|customer code|client code|membership number|member no|customer no" [Purchases] "کد تخفیف|کد هدیه|کد پیشنهاد|کوپن|کد کوپن|بن تخفیف|کد تخفیف مصرف شده|رمز الخصم|كود الخصم|رمز القسيمة|القسيمة|كوبون|كود الكوبون|رمز العرض|discount code|coupon|coupon code|voucher|voucher code|promo code|promotion code|offer code|gift code|redeemed code";
    ExternalId "external_id" [Parties] "شناسه|شناسه مشتری|آی دی|ردیف سیستم|رقم العميل|المعرف|معرف العميل|id|customer id|client id|contact id|rec id|record id|external id|user id|uid|uuid|master id|legacy id|crm id";
    Source "source" [Parties] "منبع|نحوه آشنایی|شیوه آشنایی|شیوه‌ی آشنایی|روش آشنایی|معرف|طریقه آشنایی|المصدر|مصدر العميل|كيف عرفنا|كيف عرفتنا|lead source|acquisition source|how did you hear|how did you hear about us|referrer|utm source";
    Owner "owner" [Parties] "مسئول|کارشناس|کارشناس فروش|مسئول مشتری|المسؤول|مندوب المبيعات|الموظف المسؤول|assigned to|account manager|sales rep|salesperson|agent";
    Tags "tags" [Parties] "برچسب|برچسب ها|تگ|دسته|گروه|دسته بندی|الوسوم|الوسم|التصنيف|المجموعة|tag|labels|label|category|group|groups";
    Notes "notes" [Parties] "یادداشت|توضیحات|توضیح|ملاحظات|ملاحظة|الملاحظات|note|comment|comments|remarks|description|memo";
    Role "role" [Parties] "نقش|نسبت با ما|رابطه|وضعیت|الدور|الصفة|صفته عندنا|الحالة|relationship|status|customer status|stage";
    ConsentSms "consent_sms" [Parties] "رضایت پیامک|اجازه پیامک|دریافت پیامک|موافقة الرسائل|الموافقة على الرسائل النصية|sms consent|sms opt in|sms marketing|accepts sms";
    ConsentEmail "consent_email" [Parties] "رضایت ایمیل|اجازه ایمیل|دریافت ایمیل|الموافقة على البريد|email consent|email opt in|newsletter|email marketing|accepts email|subscribed";
    Note "note" [Purchases] "یادداشت|توضیحات|توضیح|ملاحظات|ملاحظة|الملاحظات|notes|comment|comments|remarks|memo";
}

impl Field {
    /// The name on the command line and in saved maps.
    pub fn name(self) -> &'static str {
        FIELDS.iter().find(|row| row.field == self).map_or("", |row| row.name)
    }

    /// The field of this name in a file of this kind.
    pub fn named(kind: Kind, name: &str) -> Option<Field> {
        let name = name.trim();
        kind.fields().find(|field| field.name().eq_ignore_ascii_case(name))
    }

    /// Whether several columns may bring it: two mobiles, three tags.
    pub fn is_repeatable(self) -> bool {
        matches!(self, Field::Phone | Field::Mobile | Field::Email | Field::Tags | Field::ExternalId)
    }

    /// Whether its values are days and need a calendar.
    pub fn is_date(self) -> bool {
        matches!(self, Field::Date | Field::BirthDate)
    }

    /// Whether its values are amounts of money.
    pub fn is_money(self) -> bool {
        matches!(self, Field::UnitPrice | Field::Amount | Field::Discount)
    }
}
